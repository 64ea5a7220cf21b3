"""GraphViews made by hand and at random, for the tests of the pictures."""

import random

from symconv.viz.view import Edge, GraphView, Group, Node


def convolution_layer(fused=False):
    """The chapter's layer: tanh(conv2d(image, W) + b.dimshuffle("x", 0, "x", "x"))."""
    group = "g0" if fused else None
    nodes = (
        Node("n0", "input", "image", (), "float64[?,3,?,?]", "chapter.py:7"),
        Node("n1", "shared", "W", (), "float64[2,3,9,9]", "chapter.py:12"),
        Node("n2", "op", "Conv2d", ("border_mode=valid", "subsample=(1, 1)"), "float64[?,2,?,?]",
             "chapter.py:28", group),
        Node("n3", "shared", "b", (), "float64[2]", "chapter.py:20"),
        Node("n4", "op", "DimShuffle", ("x,0,x,x",), "float64[1,2,1,1]", "chapter.py:28", group),
        Node("n5", "op", "add", (), "float64[?,2,?,?]", "chapter.py:28", group),
        Node("n6", "op", "tanh", (), "float64[?,2,?,?]", "chapter.py:28", group),
        Node("n7", "output", "output", (), "float64[?,2,?,?]"),
    )
    edges = (
        Edge("n0", "n2", "", 0), Edge("n1", "n2", "", 1), Edge("n3", "n4"), Edge("n2", "n5", "", 0),
        Edge("n4", "n5", "", 1), Edge("n5", "n6"), Edge("n6", "n7"),
    )
    groups = (Group("g0", "fused: Conv2d + add + tanh"),) if fused else ()
    return GraphView("The convolution layer" + (", fused" if fused else ""), nodes, edges, groups)


class Maker:
    """Collects nodes and edges; every call returns the new node's id."""

    def __init__(self):
        self.nodes, self.edges, self.groups = [], [], []

    def node(self, kind, label, *arguments, type="float32[?,?]", detail=(), group=None, labelled=False):
        name = f"n{len(self.nodes)}"
        origin = f"net.py:{len(self.nodes) + 10}"
        self.nodes.append(Node(name, kind, label, tuple(detail), type, origin, group))
        for port, argument in enumerate(arguments):
            text = self.nodes[int(argument[1:])].type if labelled else ""
            self.edges.append(Edge(argument, name, text, port))
        return name

    def group(self, label):
        self.groups.append(Group(f"g{len(self.groups)}", label))
        return self.groups[-1].id

    def view(self, title):
        return GraphView(title, tuple(self.nodes), tuple(self.edges), tuple(self.groups))


def lenet(labelled=False, fused=False):
    """Two convolution layers with pooling, a hidden layer, a softmax: about thirty nodes."""
    make = Maker()
    value = make.node("input", "x", type="float32[?,1,28,28]")

    def layer(value, number, filters, channels):
        group = make.group(f"kernel {number}: Conv2d + add + tanh + Pool") if fused else None
        w = make.node("shared", f"W{number}", type=f"float32[{filters},{channels},5,5]")
        b = make.node("shared", f"b{number}", type=f"float32[{filters}]")
        size = f"float32[?,{filters},?,?]"
        c = make.node("op", "Conv2d", value, w, type=size, detail=("border_mode=valid",), group=group,
                      labelled=labelled)
        d = make.node("op", "DimShuffle", b, type=f"float32[1,{filters},1,1]", group=group)
        a = make.node("op", "add", c, d, type=size, group=group, labelled=labelled)
        t = make.node("op", "tanh", a, type=size, group=group, labelled=labelled)
        return make.node("op", "Pool", t, type=size, detail=("ws=(2, 2)", "mode=max"), group=group,
                         labelled=labelled)

    value = layer(value, 0, 20, 1)
    value = layer(value, 1, 50, 20)
    value = make.node("op", "Flatten", value, type="float32[?,?]", detail=("ndim=2",), labelled=labelled)
    for number, name in ((2, "tanh"), (3, "Softmax")):
        w = make.node("shared", f"W{number}", type="float32[800,500]")
        b = make.node("shared", f"b{number}", type="float32[500]")
        product = make.node("op", "Dot", value, w, labelled=labelled)
        row = make.node("op", "DimShuffle", b, type="float32[1,500]", detail=("x,0",), labelled=labelled)
        value = make.node("op", "add", product, row, labelled=labelled)
        value = make.node("op", name, value, labelled=labelled)
    make.node("output", "p_y_given_x", value)
    return make.view("LeNet" + (", fused" if fused else ""))


def gradients(layers=6):
    """A multilayer perceptron with its gradient and updates: shared inputs with far readers."""
    make = Maker()
    value = make.node("input", "x")
    target = make.node("input", "y", type="int32[?]")
    rate = make.node("constant", "0.01", type="float32[]")
    weights, activations = [], [value]
    for number in range(layers):
        w = make.node("shared", f"W{number}", type="float32[100,100]")
        b = make.node("shared", f"b{number}", type="float32[100]")
        weights.append((w, b))
        product = make.node("op", "Dot", value, w)
        value = make.node("op", "tanh", make.node("op", "add", product, make.node("op", "DimShuffle", b)))
        activations.append(value)
    cost = make.node("op", "CrossEntropy", value, target, type="float32[]")
    make.node("output", "cost", cost, type="float32[]")
    delta = make.node("op", "CrossEntropyGrad", value, target)
    for number in reversed(range(layers)):
        w, b = weights[number]
        square = make.node("op", "square", activations[number + 1])
        slope = make.node("op", "sub", make.node("constant", "1.0", type="float32[]"), square)
        delta = make.node("op", "mul", delta, slope)
        back = make.node("op", "Transpose", activations[number])
        grad = make.node("op", "Dot", back, delta, type="float32[100,100]")
        step = make.node("op", "mul", rate, grad, type="float32[100,100]")
        make.node("output", f"W{number} ←", make.node("op", "sub", w, step), type="float32[100,100]")
        if number:
            delta = make.node("op", "Dot", delta, make.node("op", "Transpose", w))
    return make.view("Gradient of a perceptron")


def chain(length):
    make = Maker()
    value = make.node("input", "x")
    for number in range(length):
        value = make.node("op", ("tanh", "exp", "neg")[number % 3], value)
    return make.view(f"A chain of {length}")


def random_graph(size, seed, groups=0, reach=None):
    """Every op reads one to three of the nodes before it, within ``reach``."""
    source = random.Random(seed)
    make = Maker()
    names = [make.node("input", f"x{i}") for i in range(max(2, size // 12))]
    kernels = [make.group(f"kernel {number}") for number in range(groups)]
    while len(names) < size:
        near = names[-(reach or len(names)) :]
        arguments = [source.choice(near) for _ in range(source.randint(1, 3))]
        group = source.choice([None, *kernels]) if kernels else None
        label = source.choice(["add", "mul", "tanh", "Conv2d", "DimShuffle", "a_rather_long_name"])
        names.append(make.node("op", label, *arguments, group=group, labelled=source.random() < 0.2))
    return make.view(f"{size} nodes at random")
