"""What each algorithm of convolution lays out and multiplies, drawn for one small example; imports drawing.

The example: an image of 4 x 5 pixels, numbered 1 to 20, and two filters of 2 x 2, a b c d and e f g h, as
they are laid on the image. The output has 3 x 4 pixels; what one sees, 7 8 12 13, is orange everywhere.
"""

from drawing import BLUE, CELL, GREEN, GREY, ORANGE, PURPLE, STRIPES, WHITE, YELLOW, Sheet

ROWS, COLUMNS = 4, 5
IMAGE = [[1 + COLUMNS * row + column for column in range(COLUMNS)] for row in range(ROWS)]
SEEN = {7, 8, 12, 13}
OUT_ROWS, OUT_COLUMNS = 3, 4
CHOSEN = 5  # the number of the orange output
FIRST, SECOND = "abcd", "efgh"


def seen(number, otherwise=BLUE):
    """Orange for the pixels of the chosen output."""
    return ORANGE if number in SEEN else otherwise


def image(sheet, x, y, label="image [H, W]"):
    """The example's image, the field of the chosen output framed."""
    sheet.grid(x, y, IMAGE, lambda row, column: seen(IMAGE[row][column]), label)
    sheet.frame(x + CELL, y + CELL, 2, 2)


def outputs(sheet, x, y, label="output [K, Ho, Wo]"):
    """The example's output: two maps, the chosen pixel orange."""
    if label:
        sheet.text(x, y - 7, label, 12, colour="#333333")
    for map in range(2):
        top = y + map * (OUT_ROWS * CELL + 10)
        sheet.grid(
            x,
            top,
            [[""] * OUT_COLUMNS] * OUT_ROWS,
            lambda row, column: ORANGE if row * OUT_COLUMNS + column == CHOSEN else GREEN,
        )


def field_of(place):
    """The pixels that an output sees, in the order of the filter's elements."""
    row, column = divmod(place, OUT_COLUMNS)
    return [IMAGE[row + down][column + right] for down in (0, 1) for right in (0, 1)]


def columns():
    """im2col."""
    sheet = Sheet(960, 330, "Columns")
    sheet.head(
        "Columns: what each output sees, in a column",
        "Every pixel is written kh kw times; then one matrix product does all the arithmetic.",
    )
    image(sheet, 20, 95)
    met = [[field_of(place)[tap] for place in range(12)] for tap in range(4)]
    x = 330
    sheet.grid(200, 240, [list(FIRST), list(SECOND)], YELLOW, "filters [K, C kh kw]")
    sheet.sign(313, 264, "×")
    sheet.grid(
        x, 95, met, lambda row, column: ORANGE if column == CHOSEN else BLUE, "columns [C kh kw, pixels]"
    )
    sheet.arrow(150, 143, 300, 143, "copy kh kw times")
    sheet.side(x - 8, 95, 96, "kh kw")
    sheet.grid(
        x,
        240,
        [[""] * 12] * 2,
        lambda _, column: ORANGE if column == CHOSEN else GREEN,
        "product [K, pixels]",
    )
    sheet.arrow(x + 144, 193, x + 144, 222)
    sheet.arrow(x + 296, 264, 720, 264, "as it lies")
    outputs(sheet, 740, 130)
    sheet.text(x, 312, "orange = a·7 + b·8 + c·12 + d·13, and the same with e f g h", 12, colour="#555555")
    return sheet.svg()


def rows_only():
    """MEC."""
    sheet = Sheet(960, 430, "Rows only")
    sheet.head(
        "Rows only: unroll along the width, and let the product's rows meet afterwards",
        "Every pixel is written kw times, not kh kw; the product has kh times more rows; kh are added.",
    )
    image(sheet, 20, 95)
    unrolled = [[IMAGE[place // 4][place % 4 + shift] for place in range(16)] for shift in (0, 1)]
    x = 400
    sheet.arrow(150, 130, x - 12, 119, "each row, kw times shifted")

    def fill(row, column):
        return ORANGE if column in (5, 9) else BLUE

    sheet.grid(x, 95, unrolled, fill, "unrolled [C kw, H Wo]")
    for cut in (4, 8, 12):
        sheet.line(x + cut * CELL, 95, x + cut * CELL, 95 + 2 * CELL, "#1b1b1b", 2)
    bank = [list("ab"), list("ef"), list("cd"), list("gh")]
    sheet.grid(310, 205, bank, lambda row, _: YELLOW if row < 2 else PURPLE)
    sheet.text(296, 198, "filters [kh K, C kw]", 12, "middle", colour="#333333")
    sheet.text(296, 232, "first rows", 12, "end")
    sheet.text(296, 280, "second rows", 12, "end")
    sheet.sign(378, 253, "×")
    sheet.grid(
        x,
        205,
        [[""] * 16] * 4,
        lambda row, column: (
            ORANGE
            if (row < 2 and column == 5) or (row >= 2 and column == 9)
            else STRIPES
            if (row < 2 and column >= 12) or (row >= 2 and column < 4)
            else YELLOW
            if row < 2
            else PURPLE
        ),
        "products [kh K, H Wo]",
    )
    for cut in (4, 8, 12):
        sheet.line(x + cut * CELL, 205, x + cut * CELL, 205 + 4 * CELL, "#1b1b1b", 2)
    sheet.arrow(x + 190, 145, x + 190, 187)
    sheet.grid(
        x,
        345,
        [[""] * 12] * 2,
        lambda _, column: ORANGE if column == CHOSEN else GREEN,
        "output: the first two rows as they lie + the last two, one image row further on",
    )
    sheet.arrow(x + 60, 303, x + 60, 325)
    sheet.arrow(x + 240, 303, x + 160, 325)
    sheet.text(20, 365, "y = (a·7 + b·8) + (c·12 + d·13)", 13)
    sheet.text(20, 385, "striped: needed by nobody", 12, colour="#555555")
    return sheet.svg()


def pointwise():
    """1 x 1."""
    sheet = Sheet(960, 270, "Pointwise")
    sheet.head(
        "Pointwise: filters of one pixel need nothing laid out",
        "An image [C, H, W] is a matrix [C, H W] already: the product writes straight to the output.",
    )
    numbers = [[1 + 4 * row + column for column in range(4)] for row in range(2)]
    for channel, letter in enumerate("rgb"):
        cells = [[f"{letter}{n}" for n in row] for row in numbers]
        sheet.grid(
            20 + channel * 14,
            100 + channel * 40,
            cells,
            lambda row, column: ORANGE if (row, column) == (0, 2) else BLUE,
            "image [C, H, W]" if channel == 0 else "",
        )
    sheet.grid(240, 150, [list("abc"), list("def")], YELLOW, "filters [K, C]")
    sheet.sign(330, 174, "×")
    sheet.grid(
        350,
        138,
        [[f"{letter}{n}" for n in range(1, 9)] for letter in "rgb"],
        lambda _, column: ORANGE if column == 2 else BLUE,
        "the same memory, read as [C, H W]",
    )
    sheet.sign(560, 174, "=")
    sheet.grid(
        580, 150, [[""] * 8] * 2, lambda _, column: ORANGE if column == 2 else GREEN, "output [K, H W]"
    )
    sheet.text(580, 225, "orange = a·r3 + b·g3 + c·b3", 12, colour="#555555")
    return sheet.svg()


def row_by_row():
    """A product for each row of outputs."""
    sheet = Sheet(960, 400, "Row by row")
    sheet.head(
        "Row by row: what a row of outputs sees is a matrix already",
        "Every pixel is written kw times; rows follow one another, so a product sees kh of them at once.",
    )
    image(sheet, 20, 95)
    sheet.arrow(150, 143, 250, 143, "each row, kw times shifted")
    lines = [IMAGE[row][shift : shift + OUT_COLUMNS] for row in range(ROWS) for shift in (0, 1)]
    x = 320
    sheet.grid(
        x,
        95,
        lines,
        lambda row, column: ORANGE if 2 <= row < 6 and column == 1 else BLUE,
        "lines [H C kw, Wo]",
    )
    sheet.side(x - 8, 95 + 2 * CELL, 4 * CELL, "kh C kw")
    sheet.line(x - 3, 95 + 2 * CELL, x + 4 * CELL + 3, 95 + 2 * CELL, "#1b1b1b", 2)
    sheet.line(x - 3, 95 + 6 * CELL, x + 4 * CELL + 3, 95 + 6 * CELL, "#1b1b1b", 2)
    sheet.arrow(x + 4 * CELL + 12, 95 + 4 * CELL, 470, 95 + 4 * CELL)
    sheet.grid(480, 95 + 3 * CELL, [list(FIRST), list(SECOND)], YELLOW, "filters [K, kh C kw]")
    sheet.sign(592, 95 + 4 * CELL, "×")
    sheet.text(606, 95 + 4 * CELL + 5, "the lines of two rows", 12, colour="#333333")
    sheet.arrow(740, 95 + 4 * CELL, 775, 95 + 4 * CELL, "row 2")
    outputs(sheet, 790, 110)
    sheet.text(20, 350, "orange = a·7 + b·8 + c·12 + d·13, and the same with e f g h", 12, colour="#555555")
    sheet.text(
        20, 370, "the next row of outputs sees the lines from two further down on", 12, colour="#555555"
    )
    return sheet.svg()


def images_last():
    """Columns of a batch, memory running along the images."""
    sheet = Sheet(960, 330, "Images last")
    sheet.head(
        "Images last: columns of a whole batch, copied in long runs",
        "Memory runs along the images: where ordinary columns copy runs of Wo numbers, here they are Wo N.",
    )
    for number in range(3):
        left, top = 20 + number * 16, 95 + number * 34
        cells = [[f"{value}{'xyz'[number]}" for value in row] for row in IMAGE[:1]]
        sheet.grid(left, top, cells, lambda row, column: seen(IMAGE[1][column]), "", CELL, 10)
    sheet.text(20, 88, "a row of each of N images: x, y, z", 12, colour="#333333")
    sheet.text(20, 215, "as they come: [N, C, H, W]", 12, colour="#555555")
    run = [f"{value}{letter}" for value in range(1, 6) for letter in "xyz"]
    sheet.arrow(190, 150, 268, 150, "turned, once")
    sheet.grid(280, 138, [run], lambda _, column: ORANGE if column // 3 in (1, 2) else BLUE, "", CELL, 10)
    sheet.text(280, 131, "[C, H, W, N]: what the kernel before leaves already", 12, colour="#333333")
    columns_of = [run[:12], run[3:]]
    sheet.arrow(460, 170, 460, 208)
    sheet.grid(280, 215, columns_of, lambda _, column: ORANGE if column // 3 == 1 else BLUE, "", CELL, 10)
    sheet.side(268, 215, 48, "kw")
    sheet.text(580, 233, "columns [C kh kw, rows Wo N]:", 12, colour="#333333")
    sheet.text(580, 251, "each of their rows is one run of the row above", 12, colour="#333333")
    sheet.text(
        20,
        310,
        "output [K, rows Wo N] = filters [K, C kh kw] × columns, and stays so laid out for the next kernel",
        12,
    )
    return sheet.svg()


def winograd():
    """F(2x2, 3x3)."""
    sheet = Sheet(960, 380, "Winograd")
    sheet.head(
        "Winograd F(2×2, 3×3): 16 multiplications for 2 × 2 outputs, where columns need 36",
        "Tiles and filters are transformed by small constant matrices; each of the 16 places is a product.",
    )
    cells = [[""] * 6 for _ in range(6)]
    sheet.grid(
        20,
        110,
        cells,
        lambda row, column: ORANGE if row < 4 and column < 4 else BLUE,
        "image: tiles of 4 × 4",
    )
    sheet.frame(20, 110, 4, 4)
    sheet.frame(20 + 2 * CELL, 110, 4, 4, "#2b6cb0")
    sheet.text(20, 275, "they overlap by 2", 12, colour="#555555")
    sheet.text(20, 350, "F(4×4, 3×3): tiles of 6 × 6, 36 products, 4 × 4 outputs", 12, colour="#555555")
    sheet.arrow(176, 165, 262, 165, "V = Bᵀ d B")
    sheet.grid(
        275,
        115,
        [[4 * row + column + 1 for column in range(4)] for row in range(4)],
        ORANGE,
        "16 numbers a tile",
    )
    sheet.arrow(381, 165, 432, 165, "")
    for place in range(5):
        shift = place * 9
        sheet.box(445 + shift, 96 + shift, 78, 70, BLUE)
        sheet.box(580 + shift, 96 + shift, 60, 48, YELLOW)
    sheet.text(520, 175, "tiles × C", 12, "middle")
    sheet.text(646, 160, "C × K", 12, "middle")
    sheet.sign(569, 160, "×")
    sheet.text(445, 232, "16 products", 12, colour="#333333")
    sheet.arrow(700, 165, 772, 165, "Aᵀ M A")
    sheet.grid(790, 130, [["", ""], ["", ""]], GREEN, "2 × 2 outputs", 32)
    sheet.grid(560, 305, [["", "", ""]] * 3, YELLOW, "", 18)
    sheet.text(545, 335, "filter 3 × 3", 12, "end")
    sheet.text(625, 262, "U = G g Gᵀ, once for these filters", 12)
    sheet.arrow(590, 300, 625, 190)
    return sheet.svg()


def fourier():
    """Overlap-save."""
    sheet = Sheet(960, 360, "FFT")
    sheet.head(
        "FFT, overlap-save: a convolution is a product of spectra",
        "Blocks overlap by a filter's extent less one; that many results wrap round, and are left out.",
    )
    count, length, lost = 30, 14, 4
    sheet.grid(
        40,
        95,
        [[""] * count],
        BLUE,
        "one line of the image (both axes are treated so); a filter spans e = 5 pixels",
    )
    for number in range(2):
        start = number * (length - lost)
        y = 145 + number * 40
        sheet.line(40 + start * CELL, 119, 40 + start * CELL, y, "#777777")
        sheet.line(40 + (start + length) * CELL, 119, 40 + (start + length) * CELL, y, "#777777")
        sheet.grid(
            40 + start * CELL,
            y,
            [[""] * length],
            lambda _, column, fill=(ORANGE, PURPLE)[number]: STRIPES if column < lost else fill,
        )
        sheet.text(46 + (start + length) * CELL, y + 17, f"block {number + 1}, L = {length}", 12)
    y = 275
    names = (
        ("block", ORANGE),
        ("spectrum", WHITE),
        ("× filters' spectra, summed over C", YELLOW),
        ("spectrum of K maps", WHITE),
        ("L results", GREEN),
    )
    x = 40
    for place, (name, fill) in enumerate(names):
        width = 215 if "filters" in name else 130
        sheet.box(x, y, width, 42, fill, round=6)
        sheet.text(x + width / 2, y + 26, name, 12, "middle")
        if place + 1 < len(names):
            sheet.arrow(x + width, y + 21, x + width + 42, y + 21, {0: "FFT", 3: "FFT⁻¹"}.get(place, ""))
        x += width + 44
    sheet.text(940, y + 60, "the first e − 1 = 4 are left out", 12, "end", colour="#555555")
    sheet.text(40, 350, "Cost of a pixel: log L, whatever the filter's size.", 12, colour="#555555")
    return sheet.svg()


def by_image():
    """Phases."""
    sheet = Sheet(960, 400, "The gradient by the image")
    sheet.head(
        "By the image: a stride of 2 divides the pixels in phases",
        "Even pixels met only w0 and w2, odd ones only w1: each phase is a convolution of stride 1.",
    )
    left, wide = 140, 70
    sheet.text(left - 14, 120, "image", 13, "end")
    for pixel in range(9):
        sheet.box(left + pixel * wide, 98, wide, 36, PURPLE if pixel % 2 else BLUE)
        sheet.text(left + (pixel + 0.5) * wide, 121, f"x{pixel}", 13, "middle")
    for output in range(4):
        middle = left + (2 * output + 1.5) * wide
        for tap in range(3):
            end = left + (2 * output + tap + 0.5) * wide + (1 - tap) * 8
            sheet.line(middle, 206, end, 135, "#7b3fa0" if tap == 1 else "#2b6cb0", 2)
            sheet.text(
                (middle + end) / 2 + (tap - 1) * 14 + 4, 168, f"w{tap}", 12, ("end", "start", "start")[tap]
            )
        sheet.box(middle - wide / 2, 206, wide, 36, GREEN)
        sheet.text(middle, 229, f"g{output}", 13, "middle")
    sheet.text(left - 14, 229, "output's gradient", 13, "end")
    y = 275
    sheet.text(left - 14, y + 27, "even pixels", 13, "end")
    even = ["w0 g0", "w2 g0 + w0 g1", "w2 g1 + w0 g2", "w2 g2 + w0 g3", "w2 g3"]
    for place, words in enumerate(even):
        sheet.box(left + place * 128, y, 122, 40, BLUE)
        sheet.text(left + place * 128 + 61, y + 16, f"dx{2 * place}", 11, "middle", "bold")
        sheet.text(left + place * 128 + 61, y + 32, words, 12, "middle")
    sheet.text(left - 14, y + 82, "odd pixels", 13, "end")
    for place in range(4):
        sheet.box(left + place * 128, y + 55, 122, 40, PURPLE)
        sheet.text(left + place * 128 + 61, y + 71, f"dx{2 * place + 1}", 11, "middle", "bold")
        sheet.text(left + place * 128 + 61, y + 87, f"w1 g{place}", 12, "middle")
    sheet.text(800, y + 25, "g ∗ [w0 w2], padded", 13)
    sheet.text(800, y + 80, "g ∗ [w1]", 13)
    return sheet.svg()


def by_filters():
    """Partial sums."""
    sheet = Sheet(960, 330, "The gradient by the filters")
    sheet.head(
        "By the filters: the output's gradient times the columns, transposed",
        "Each block of pixels leaves a partial sum; they are added in the order of the blocks.",
    )
    tones = (BLUE, PURPLE, YELLOW)
    sheet.grid(
        40,
        150,
        [[f"{map}{n}" for n in range(1, 13)] for map in "gh"],
        lambda _, column: tones[column // 4],
        "output's gradient [K, pixels]",
    )
    sheet.sign(345, 174, "×")
    met = [[field_of(place)[tap] for tap in range(4)] for place in range(12)]
    sheet.grid(370, 85, met, lambda row, _: tones[row // 4], "columns, transposed [pixels, C kh kw]", 18, 10)
    sheet.sign(475, 174, "=")
    for block in range(3):
        x = 500 + block * 112
        sheet.grid(x, 150, [[""] * 4] * 2, tones[block], f"block {block + 1}", 22)
        sheet.sign(x + 100, 172, "+" if block < 2 else "=")
    sheet.grid(836, 150, [list(FIRST), list(SECOND)], GREEN, "[K, C kh kw]", 22)
    sheet.text(
        370,
        320,
        "few results, each a long sum: the pixels are cut so that BLAS need not copy them first",
        12,
        colour="#555555",
    )
    return sheet.svg()


def block():
    """A block's way through the cache."""
    sheet = Sheet(960, 380, "A block's way")
    sheet.head(
        "One block at a time, all of it while it is hot",
        "Blocks are handed out to whoever is free; what one touches fits the cache, however large the image.",
    )
    for number in range(8):
        fill = ORANGE if number == 2 else PURPLE if number == 3 else GREY if number < 2 else BLUE
        sheet.box(30, 95 + number * 28, 130, 28, fill)
        sheet.text(95, 114 + number * 28, f"block {number + 1}", 12, "middle")
    sheet.text(30, 88, "image, in memory", 12)
    sheet.text(30, 338, "grey: done; orange: thread 1; purple: thread 2", 12, colour="#555555")
    sheet.box(235, 85, 490, 240, "#fafafa", "#999999", 1.5, 10, dashed=True)
    sheet.text(250, 105, "scratch of one thread, in the second-level cache", 12, colour="#555555")
    steps = (
        ("window", "zeros around,", "where padded"),
        ("columns", "or rows, tiles,", "spectra"),
        ("product", "one BLAS call", "a block"),
        ("epilogue", "+ bias, pool,", "tanh, ..."),
    )
    for place, (name, first, second) in enumerate(steps):
        x = 255 + place * 116
        sheet.box(x, 145, 96, 120, (ORANGE, ORANGE, GREEN, GREEN)[place], round=6)
        sheet.text(x + 48, 175, name, 14, "middle", "bold")
        sheet.text(x + 48, 205, first, 12, "middle")
        sheet.text(x + 48, 223, second, 12, "middle")
        if place:
            sheet.arrow(x - 20, 205, x, 205)
    sheet.arrow(160, 165, 255, 205)
    sheet.text(168, 155, "read once", 12)
    for number in range(8):
        sheet.box(810, 95 + number * 28, 120, 28, GREEN if number < 2 else ORANGE if number == 2 else WHITE)
    sheet.text(810, 88, "result, in memory", 12)
    sheet.arrow(699, 205, 810, 165)
    sheet.text(733, 155, "written once", 12)
    sheet.text(
        250,
        312,
        "product and epilogue share the tile: nothing goes to memory in between",
        12,
        colour="#333333",
    )
    return sheet.svg()


def joined():
    """What shares a convolution's tiles, forward and backward."""
    sheet = Sheet(960, 380, "On the hot tile")
    sheet.head(
        "Pooling on the tile, and its gradient on the way in",
        "Of the maps, only which cells won outlives the tile: a byte for each.",
    )
    rows = (
        (95, "forward", ("image", "convolution", "bias, relu", "pooling"), "pooled maps", GREEN),
        (245, "backward", ("their gradient", "award", "times image", "sum"), "filters' gradient", ORANGE),
    )
    for top, name, steps, result, fill in rows:
        sheet.text(30, top + 45, name, 14, weight="bold")
        sheet.box(250, top - 15, 440, 95, "#fafafa", "#999999", 1.5, 10, dashed=True)
        places = (130, 265, 410, 555)
        for place, (x, step) in enumerate(zip(places, steps, strict=True)):
            sheet.box(x, top, 105 if place == 0 else 120, 65, BLUE if place == 0 else fill, round=6)
            sheet.text(x + (52 if place == 0 else 60), top + 38, step, 13, "middle")
            if place:
                sheet.arrow(places[place - 1] + (105 if place == 1 else 120), top + 33, x, top + 33)
        sheet.box(780, top, 150, 65, GREY, round=6)
        sheet.text(855, top + 38, result, 13, "middle")
        sheet.arrow(675, top + 33, 780, top + 33)
    sheet.box(400, 188, 140, 36, PURPLE, round=6)
    sheet.text(470, 211, "winners", 13, "middle")
    sheet.arrow(615, 160, 540, 200)
    sheet.arrow(400, 212, 330, 245)
    sheet.text(250, 350, "dashed: one thread's scratch, in the second-level cache", 12, colour="#555555")
    return sheet.svg()


DRAWINGS = {
    "conv-block": block,
    "conv-joined": joined,
    "conv-columns": columns,
    "conv-rows-only": rows_only,
    "conv-images-last": images_last,
    "conv-pointwise": pointwise,
    "conv-row-by-row": row_by_row,
    "conv-fft": fourier,
    "conv-winograd": winograd,
    "conv-by-image": by_image,
    "conv-by-filters": by_filters,
}
