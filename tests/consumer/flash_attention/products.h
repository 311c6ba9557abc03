// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_PRODUCTS_H_
#define SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_PRODUCTS_H_

#include <cstddef>

#ifdef HAS_OPENBLAS
#include <cblas.h>
#endif

// The matrix products of an engine.

enum class Transposed { kNo, kYes };

#ifdef HAS_OPENBLAS
constexpr const char* kProducts = "OpenBLAS";

// c += a * b, where c has m x n elements, and a and b have k in common. Either
// may be given transposed.
inline void Multiply(Transposed is_a, Transposed is_b, size_t m, size_t n,
                     size_t k, const float* a, size_t a_stride, const float* b,
                     size_t b_stride, float* c, size_t c_stride) {
  const auto number = [](size_t size) { return static_cast<int>(size); };
  const auto order = [](Transposed is) {
    return is == Transposed::kYes ? CblasTrans : CblasNoTrans;
  };
  cblas_sgemm(CblasRowMajor, order(is_a), order(is_b), number(m), number(n),
              number(k), 1.0f, a, number(a_stride), b, number(b_stride), 1.0f,
              c, number(c_stride));
}
// Our threads are enough.
inline void UseOneThread() { openblas_set_num_threads(1); }
#else
constexpr const char* kProducts = "plain loops";

inline void Multiply(Transposed is_a, Transposed is_b, size_t m, size_t n,
                     size_t k, const float* a, size_t a_stride, const float* b,
                     size_t b_stride, float* c, size_t c_stride) {
  const bool ta = is_a == Transposed::kYes, tb = is_b == Transposed::kYes;
  for (size_t i = 0; i < m; ++i) {
    float* const to = c + i * c_stride;
    for (size_t l = 0; l < k; ++l) {
      const float factor = ta ? a[l * a_stride + i] : a[i * a_stride + l];
      for (size_t j = 0; j < n; ++j) {
        to[j] += factor * (tb ? b[j * b_stride + l] : b[l * b_stride + j]);
      }
    }
  }
}
inline void UseOneThread() {}
#endif

#endif  // SOFTLANE_TESTS_CONSUMER_FLASH_ATTENTION_PRODUCTS_H_
