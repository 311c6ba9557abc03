// SPDX-License-Identifier: Apache-2.0
#ifndef SOFTLANE_TESTS_FUZZ_CHECKS_H_
#define SOFTLANE_TESTS_FUZZ_CHECKS_H_

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "memory.h"
#include "softlane/types.h"

// The output of a call, and the rules that it must keep.

namespace softlane {
namespace fuzz {

inline void Describe(const Call& c) {
  std::fprintf(stderr, "  rows %zu, axis %zu, cols %zu, k %zu, target %d\n",
               c.rows, c.axis, c.cols, c.k, c.target);
  const Options& o = c.options;
  std::fprintf(
      stderr,
      "  options%s: scale %a, empty_row %d, renormalize %d,\n"
      "  use %d, first_col %zu, num_classes %zu,\n"
      "  reduction %d, ignore_index %lld, label_smoothing %a, z_loss "
      "%a, upstream %a, zero_if_all_ignored %d, accumulate %d,\n"
      "  softcap %a, alibi_slope %a, bias_scale %a, causal %d, first_query "
      "%lld, "
      "window %lld\n",
      o.are_null ? " (null)" : "", double{o.scale}, o.empty_row, o.renormalize,
      o.use, o.first_col, o.num_classes, o.reduction,
      static_cast<long long>(o.ignore_index), double{o.label_smoothing},
      double{o.z_loss}, double{o.upstream}, o.zero_if_all_ignored, o.accumulate,
      double{o.softcap}, double{o.alibi_slope}, double{o.bias_scale}, o.causal,
      static_cast<long long>(o.first_query), static_cast<long long>(o.window));
  for (size_t i = 0; i < c.num_operands; ++i) {
    std::fprintf(stderr, "  %s: %p, type %d, stride %zu, axis stride %zu\n",
                 c.OperandAt(i).name, c.views[i].data, c.views[i].type,
                 c.views[i].stride, c.views[i].axis_stride);
  }
}

[[noreturn]] inline void Fail(const Call& c, const char* what, size_t operand,
                              size_t element) {
  std::fprintf(
      stderr, "%s: %s (%s, element %zu)\n", c.function->name, what,
      operand < c.num_operands ? c.OperandAt(operand).name : "no operand",
      element);
  Describe(c);
  std::abort();
}

// The elements of all outputs of a call, without gaps.
class Results {
 public:
  // Takes them out of memory, where those from before the call come back.
  void Take(const Call& c, Memory& memory) {
    size_t total = 0;
    for (size_t i = 0; i < c.num_operands; ++i) {
      starts_[i] = total;
      if (!Writes(c, i)) continue;
      const Extent n = c.ExtentOf(i);
      total += n.rows * n.axis * n.cols * WordsOf(c, i);
    }
    words_.resize(total);
    for (size_t i = 0; i < c.num_operands; ++i) {
      if (!Writes(c, i)) continue;
      ForEachPart(c, i, [&](unsigned char* part, size_t offset, size_t count) {
        const size_t size = SizeOf(c.ElementAt(i));
        uint32_t* const to = &words_[starts_[i] + offset * WordsOf(c, i)];
        if (IsHalf(c.ElementAt(i))) {
          Widen(c.ElementAt(i), part, count, to);
        } else {
          std::memcpy(to, part, size * count);
        }
        memory.Restore(part, size * count);
      });
      if (c.ElementAt(i) == Element::kDouble) MakeNansAlike(i, c);
    }
  }

  static bool Writes(const Call& c, size_t i) {
    return IsOutput(c.OperandAt(i).role) && c.IsUsed(i) &&
           !c.ExtentOf(i).IsEmpty();
  }
  // The words of an element of an output. A half type is widened to one.
  static size_t WordsOf(const Call& c, size_t i) {
    return IsHalf(c.ElementAt(i)) ? 1 : SizeOf(c.ElementAt(i)) / 4;
  }
  // Of an operand with more than one word an element, `element` counts words.
  uint32_t Word(size_t operand, size_t element) const {
    return words_[starts_[operand] + element];
  }
  float Float(size_t operand, size_t element) const {
    return FromBits(Word(operand, element));
  }

 private:
  void MakeNansAlike(size_t i, const Call& c) {
    const Extent n = c.ExtentOf(i);
    for (size_t e = 0; e < n.rows * n.axis * n.cols; ++e) {
      uint32_t* const words = &words_[starts_[i] + 2 * e];
      double value;
      std::memcpy(&value, words, sizeof(value));
      if (value != value) words[0] = words[1] = 0x7FF80000u;
    }
  }

  static void Widen(Element element, const unsigned char* from, size_t count,
                    uint32_t* to) {
    for (size_t n = 0; n < count; ++n) {
      to[n] = BitsOf(NumberAt(element, from + 2 * n));
    }
  }

  std::vector<uint32_t> words_;
  size_t starts_[kMaxOperands] = {};
};

// A NaN is like any other.
inline bool AreSame(const Call& c, size_t operand, uint32_t a, uint32_t b) {
  if (a == b) return true;
  const Element element = c.ElementAt(operand);
  return (element == Element::kFloat || IsHalf(element)) &&
         IsNan(FromBits(a)) && IsNan(FromBits(b));
}

inline void CheckSame(const Call& c, const Results& a, const Results& b,
                      const char* what) {
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (!Results::Writes(c, i)) continue;
    const Extent n = c.ExtentOf(i);
    for (size_t e = 0; e < n.rows * n.axis * n.cols * Results::WordsOf(c, i);
         ++e) {
      if (AreSame(c, i, a.Word(i, e), b.Word(i, e))) continue;
      std::fprintf(stderr, "%a and %a\n", double{a.Float(i, e)},
                   double{b.Float(i, e)});
      Fail(c, what, i, e);
    }
  }
}

inline bool IsSubnormal(float x) {
  const uint32_t magnitude = BitsOf(x) & 0x7FFFFFFFu;
  return magnitude > 0 && magnitude < 0x00800000u;
}

inline bool IsGoodElement(Content content, const Call& c, uint32_t word) {
  const float x = FromBits(word);
  switch (content) {
    case Content::kExponentials:
      return IsNan(x) || word <= 0x7F800000u;
    case Content::kMaxima:
      return word != 0x80000000u;
    case Content::kProbabilities:
    case Content::kSomeProbabilities:
      return IsNan(x) || (word <= BitsOf(1.0f) && !IsSubnormal(x));
    case Content::kLogProbabilities:
      return IsNan(x) || x <= 0.0f;
    case Content::kColumns: {
      const auto column = static_cast<int32_t>(word);
      return column >= -1 &&
             (column < 0 || static_cast<size_t>(column) < ClassesOf(c));
    }
    default:
      return true;
  }
}

// A row of probabilities, or of their logarithms: NaN throughout or nowhere.
// The sum of probabilities is 1, or 0 for an empty row. Each is within 8 ULP,
// that is 2^-20 of itself, and those below 2^-125 may be missing. Those of half
// types are rounded to 8 or 11 bits, and the smallest to multiples of 2^-24.
inline double ToleranceOf(Element element, size_t count) {
  if (element == Element::kBFloat16) return 0x1p-8;
  if (element == Element::kFloat16) {
    return 0x1p-10 + 0x1p-25 * static_cast<double>(count);
  }
  return 0x1p-19;
}
inline void CheckRow(const Call& c, const Results& results, size_t i,
                     size_t first, size_t step, size_t count) {
  size_t nans = 0;
  double sum = 0.0;
  for (size_t n = 0; n < count; ++n) {
    const float x = results.Float(i, first + n * step);
    nans += IsNan(x) ? 1 : 0;
    sum += double{x};
  }
  const double tolerance = ToleranceOf(c.ElementAt(i), count);
  if (nans != 0 && nans != count) Fail(c, "a row is NaN in part", i, first);
  if (nans == 0 && c.OperandAt(i).content == Content::kProbabilities &&
      !(sum == 0.0 && c.options.empty_row == SOFTLANE_EMPTY_ROW_ZERO) &&
      !(sum > 1.0 - tolerance && sum < 1.0 + tolerance)) {
    std::fprintf(stderr, "%.17g\n", sum);
    Fail(c, "the sum of probabilities is not 1", i, first);
  }
}

inline void CheckRows(const Call& c, const Results& results, size_t i) {
  const Extent n = c.ExtentOf(i);
  if (c.OperandAt(i).shape != Shape::kPlanes) {
    for (size_t r = 0; r < n.rows; ++r) {
      CheckRow(c, results, i, r * n.cols, 1, n.cols);
    }
    return;
  }
  for (size_t r = 0; r < n.rows; ++r) {
    for (size_t k = 0; k < n.cols; ++k) {
      CheckRow(c, results, i, r * n.axis * n.cols + k, n.cols, n.axis);
    }
  }
}

inline void CheckSymmetric(const Call& c, const Results& results, size_t i) {
  for (size_t r = 0; r < c.cols; ++r) {
    for (size_t k = 0; k < r; ++k) {
      if (!AreSame(c, i, results.Word(i, r * c.cols + k),
                   results.Word(i, k * c.cols + r))) {
        Fail(c, "not symmetric", i, r * c.cols + k);
      }
    }
  }
}

// Checks the rules for the results of one call.
inline void CheckResults(const Call& c, const Results& results) {
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (!Results::Writes(c, i)) continue;
    const Extent n = c.ExtentOf(i);
    const Content content = c.OperandAt(i).content;
    for (size_t e = 0; e < n.rows * n.axis * n.cols; ++e) {
      if (!IsGoodElement(content, c, results.Word(i, e))) {
        std::fprintf(stderr, "%a\n", double{results.Float(i, e)});
        Fail(c, "out of its range", i, e);
      }
    }
    if (content == Content::kProbabilities ||
        content == Content::kLogProbabilities) {
      CheckRows(c, results, i);
    }
    if (content == Content::kJacobian) CheckSymmetric(c, results, i);
  }
}

}  // namespace fuzz
}  // namespace softlane

#endif  // SOFTLANE_TESTS_FUZZ_CHECKS_H_
