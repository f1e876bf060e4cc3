// Squares of numbers in as many registers as one holds numbers. Included by the kernels of each instruction set, inside their namespaces: no #pragma once.

/// Swaps each upper right block of D x D with the lower left one.
template <typename Register, int V, int D, int... J>
static inline __attribute__((always_inline)) void swap_blocks(Register *rows, std::integer_sequence<int, J...>) {
  for (int i = 0; i < V; i++) {
    if (i & D) continue;
    Register a = rows[i], b = rows[i + D];
    rows[i] = __builtin_shufflevector(a, b, ((J & D) ? V + J - D : J)...);
    rows[i + D] = __builtin_shufflevector(a, b, ((J & D) ? V + J : J + D)...);
  }
}

/// Transposes a square of V rows of V numbers.
template <typename Register, int V, int D = V / 2>
static inline __attribute__((always_inline)) void turn_square(Register *rows) {
  swap_blocks<Register, V, D>(rows, std::make_integer_sequence<int, V>());
  if constexpr (D > 1) turn_square<Register, V, D / 2>(rows);
}
