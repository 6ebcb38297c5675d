"""What the paper printed, and what its repository has said since then (a leaf).

E. Rodriguez, "An experimental comparison of the performance between different web concurrency
paradigms", TUM 2022; the repository is that of papayaChat.
"""

# Connections, then mean CPU in per cent and coefficient of variation, for C (a process per client)
# and for Go (goroutines): the paper's table.
PRINTED = (
    (1, 0.34, 0.159, 1.94, 0.169),
    (2, 0.45, 0.221, 2.61, 0.205),
    (4, 0.79, 0.228, 4.35, 0.172),
    (8, 1.37, 0.137, 6.15, 0.276),
    (16, 2.17, 0.147, 11.71, 0.229),
    (32, 2.53, 0.172, 22.71, 0.322),
    (64, 2.53, 0.180, 36.08, 0.243),
)
# C measured again by its author on 2022-06-30 (commit 09ef992 of the repository).
CORRECTED = {32: (8.02, 0.348), 64: (14.70, 0.272)}
ROWS_OF_TOP = 18  # processes that `top -b` lists there, however many there are


def go_over_c(connections: int, corrected: bool) -> float:
    """Go's CPU over C's, by the paper's figures."""
    for load, c, _, go, _ in PRINTED:
        if load == connections:
            return go / (CORRECTED[load][0] if corrected and load in CORRECTED else c)
    raise KeyError(connections)
