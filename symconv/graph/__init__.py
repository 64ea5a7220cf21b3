"""What an expression is: types, variables, the nodes that compute them, and ways to walk them."""
