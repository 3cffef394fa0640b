"""A server of the Model Context Protocol: tools for agents, over standard input and output, in allowed folders only."""
