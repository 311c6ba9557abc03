// SPDX-License-Identifier: Apache-2.0
#include "fuzz.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "checks.h"
#include "decode.h"
#include "functions.h"
#include "names.h"
#include "status_model.h"
#include "tensors.h"
#include "values.h"

// One input is one call of one function of the C API. The call is made for
// every available target, and once more for one of its rows alone.

namespace softlane {
namespace fuzz {
namespace {

// The first byte of an input is a function's index: first those of names, so
// that a new entry at the end of kFunctions changes no input of the corpus. The
// index plus a multiple of kNumAll are other types.
constexpr size_t kNumOfRows = kNumNameFunctions + kNumFunctions;
constexpr size_t kNumAll = kNumOfRows + kNumTensorFunctions;

struct Counts {
  uint64_t executions, with[7], skipped;
};
Counts counts[kNumAll];
size_t only_function = SIZE_MAX;

int Run(const Call& c, const Call& whole, Memory& memory) {
  memory.ForbidGaps(whole);
  const int status = c.function->run(c);
  memory.AllowGaps();
  return status;
}

// A call that must succeed. Memory is then as before.
void RunAgain(const Call& c, const Call& whole, Memory& memory,
              Results& results) {
  if (Run(c, whole, memory) != SOFTLANE_OK) Fail(c, "not kOk again", 99, 0);
  results.Take(c, memory);
  if (memory.Differs()) Fail(c, "a byte that is no element has changed", 99, 0);
}

void CheckOtherTargets(const Call& c, Memory& memory, const Results& expected) {
  const int first =
      c.target == SOFTLANE_TARGET_AUTO ? softlane_auto_target() : c.target;
  int targets[4];
  const size_t count = softlane_available_targets(targets);
  Results results;
  for (size_t i = 0; i < count; ++i) {
    if (targets[i] == first) continue;
    Call other = c;
    other.target = targets[i];
    RunAgain(other, c, memory, results);
    CheckSame(other, expected, results, "other bits on another target");
  }
}

// Whether the results are specified: states of other rows, or damaged states,
// may give any.
bool IsSpecified(const Call& c) {
  for (size_t i = 1; i < c.num_operands; ++i) {
    if (!AreStatesOfRows(c, i) || c.ExtentOf(0).IsEmpty()) continue;
    for (size_t r = 0; r < c.rows; ++r) {
      const softlane_softmax_state state = StateOfRow(c, i, r), none = {};
      const auto* const its = c.As<const softlane_softmax_state>(i) + r;
      const bool is_none = c.OperandAt(i).content == Content::kTileStates &&
                           std::memcmp(its, &none, sizeof(none)) == 0;
      if (!is_none && std::memcmp(its, &state, sizeof(state)) != 0) {
        return false;
      }
    }
  }
  return true;
}

// Whether a row of the results depends on that row of the inputs alone.
bool HasIndependentRows(const Call& c) {
  if (c.rows == 0 || HasShape(c, Shape::kSquare)) return false;
  if (HasShape(c, Shape::kPlanes) && c.cols == 0) return false;
  return !AreOfLoss(c.function->settings) ||
         c.options.reduction == SOFTLANE_REDUCTION_NONE;
}

// The element of the whole operand that is the first of the row.
size_t FirstOfRow(const Call& c, size_t i, size_t row, size_t column) {
  switch (c.OperandAt(i).shape) {
    case Shape::kMatrix:
      return row * c.cols;
    case Shape::kTopK:
      return row * c.k;
    case Shape::kPlanes:
      return row * c.axis * c.cols + column;
    case Shape::kTopKPlanes:
      return row * c.k * c.cols + column;
    case Shape::kInner:
    case Shape::kInnerLosses:
      return row * c.cols + column;
    default:
      return row;
  }
}

void CheckRowAlone(const Call& c, size_t row, size_t column, Memory& memory,
                   const Results& expected) {
  Call alone = c;
  alone.rows = 1;
  const bool has_planes = HasShape(c, Shape::kPlanes);
  if (has_planes) alone.cols = 1;
  if (__builtin_add_overflow(c.options.first_query, static_cast<int64_t>(row),
                             &alone.options.first_query)) {
    return;
  }
  for (size_t i = 0; i < c.num_operands; ++i) {
    const Shape shape = c.OperandAt(i).shape;
    if (c.views[i].data == nullptr || !memory.Has(i)) continue;
    if (c.ExtentOf(i).IsEmpty()) continue;
    size_t elements = 0;
    if (shape == Shape::kPerRow || shape == Shape::kLosses) {
      elements = row;
    } else if (shape == Shape::kPerInner) {
      elements = row * c.cols + column;
    } else if (shape == Shape::kMatrix || shape == Shape::kTopK ||
               shape == Shape::kPlanes || shape == Shape::kTopKPlanes ||
               shape == Shape::kInner || shape == Shape::kInnerLosses) {
      elements =
          (row == 0 ? 0 : row * c.views[i].stride) + (has_planes ? column : 0);
    }
    alone.views[i].data =
        c.As<unsigned char>(i) + elements * SizeOf(c.ElementAt(i));
  }
  Results results;
  RunAgain(alone, c, memory, results);
  for (size_t i = 0; i < c.num_operands; ++i) {
    if (!Results::Writes(alone, i)) continue;
    if (c.OperandAt(i).shape == Shape::kOne) continue;
    const Extent n = alone.ExtentOf(i);
    const size_t words = Results::WordsOf(c, i);
    const size_t first = FirstOfRow(c, i, row, column) * words;
    for (size_t e = 0; e < n.axis * n.cols * words; ++e) {
      const size_t element = first + e * (has_planes ? c.cols : 1);
      if (AreSame(c, i, results.Word(i, e), expected.Word(i, element)))
        continue;
      std::fprintf(stderr, "%a and %a\n", double{results.Float(i, e)},
                   double{expected.Float(i, element)});
      Fail(c, "a row alone has other bits", i, element);
    }
  }
}

void FuzzFunction(const Function& function, size_t types, Source& source,
                  Counts& counts) {
  Call c;
  c.function = &function;
  while (c.num_operands < kMaxOperands &&
         function.operands[c.num_operands].name != nullptr) {
    ++c.num_operands;
  }
  ChooseSizes(c, source);
  ChooseOptions(c, source);
  ChooseTarget(c, source);
  ChooseTypes(c, types, source);
  Place places[kMaxOperands];
  ChoosePlaces(c, source, places);
  Memory memory(c, places);
  const uint32_t seed = source.Word();
  const size_t row = seed % (c.rows == 0 ? 1 : c.rows);
  const size_t column = (seed >> 8) % (c.cols == 0 ? 1 : c.cols);
  Random random(seed);
  memory.Scribble(random);
  FillInputs(c, memory, source);

  int expected = ExpectedOfOperands(c);
  if (expected == SOFTLANE_OK) {
    for (size_t i = 0; i < c.num_operands; ++i) {
      if (!c.IsUsed(i) || c.ExtentOf(i).IsEmpty() || memory.Has(i)) continue;
      ++counts.skipped;  // good, but larger than this machine
      return;
    }
    expected = ExpectedOfRest(c);
  }
  // In place the logits are gone after the call.
  const bool is_specified = expected == SOFTLANE_OK && IsSpecified(c);
  memory.Save();
  const int status = Run(c, c, memory);
  if (status != expected) {
    std::fprintf(stderr, "status %d, not %d\n", status, expected);
    Fail(c, "not the status that is expected", 99, 0);
  }
  ++counts.with[status];
  if (status != SOFTLANE_OK) {
    if (memory.Differs()) Fail(c, "a byte has changed after an error", 99, 0);
    return;
  }
  Results results;
  results.Take(c, memory);
  if (memory.Differs()) Fail(c, "a byte that is no element has changed", 99, 0);
  CheckResults(c, results);
  if (!is_specified) return;
  CheckOtherTargets(c, memory, results);
  if (HasIndependentRows(c)) CheckRowAlone(c, row, column, memory, results);
}

}  // namespace

size_t NumFunctions() { return kNumAll; }

const char* NameOf(size_t function) {
  if (function >= kNumOfRows) {
    return kTensorFunctions[function - kNumOfRows].name;
  }
  return function < kNumNameFunctions
             ? kNameFunctions[function].name
             : kFunctions[function - kNumNameFunctions].name;
}

bool OnlyFunction(const char* name) {
  for (size_t f = 0; f < NumFunctions(); ++f) {
    if (std::strcmp(name, NameOf(f)) != 0) continue;
    only_function = f;
    return true;
  }
  return false;
}

void PrintCounts() {
  std::printf("%-36s %10s %10s %9s %9s %9s %9s %9s %9s %9s\n", "function",
              "executions", "kOk", "null", "shape", "overlap", "option",
              "label", "target", "too large");
  Counts sum = {};
  for (size_t f = 0; f < NumFunctions(); ++f) {
    const Counts& n = counts[f];
    sum.executions += n.executions;
    sum.with[0] += n.with[0];
    if (n.executions == 0) continue;
    std::printf("%-36s %10llu %10llu", NameOf(f),
                static_cast<unsigned long long>(n.executions),
                static_cast<unsigned long long>(n.with[0]));
    for (size_t s = 1; s < 7; ++s) {
      std::printf(" %9llu", static_cast<unsigned long long>(n.with[s]));
    }
    std::printf(" %9llu\n", static_cast<unsigned long long>(n.skipped));
  }
  std::printf("%-36s %10llu %10llu\n", "all",
              static_cast<unsigned long long>(sum.executions),
              static_cast<unsigned long long>(sum.with[0]));
  std::fflush(stdout);
}

bool AllHaveSucceeded() {
  for (size_t f = 0; f < NumFunctions(); ++f) {
    const bool is_asked_for = only_function == SIZE_MAX || only_function == f;
    if (is_asked_for && counts[f].with[0] == 0) return false;
  }
  return true;
}

}  // namespace fuzz
}  // namespace softlane

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace softlane::fuzz;
  Source source(data, size);
  const size_t first = source.Byte();
  size_t function = first % NumFunctions();
  if (only_function != SIZE_MAX) function = only_function;
  Counts& its_counts = counts[function];
  ++its_counts.executions;
  if (function >= kNumOfRows) {
    TensorFuzz fuzz(kTensorFunctions[function - kNumOfRows], source);
    int status;
    if (!fuzz.Check(status)) {
      std::fprintf(stderr, "%s: a wrong answer\n", NameOf(function));
      std::abort();
    }
    ++(status < 0 ? its_counts.skipped : its_counts.with[status]);
    return 0;
  }
  if (function >= kNumNameFunctions) {
    FuzzFunction(kFunctions[function - kNumNameFunctions],
                 first / NumFunctions(), source, its_counts);
    return 0;
  }
  if (!kNameFunctions[function].is_good(source)) {
    std::fprintf(stderr, "%s: a wrong answer\n", NameOf(function));
    std::abort();
  }
  ++its_counts.with[SOFTLANE_OK];
  return 0;
}

#ifdef SOFTLANE_FUZZ_ENGINE
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  // SOFTLANE_FUZZ_FUNCTION=softlane_exp: that function alone.
  const char* const name = std::getenv("SOFTLANE_FUZZ_FUNCTION");
  if (name != nullptr && *name != '\0' && !softlane::fuzz::OnlyFunction(name)) {
    std::fprintf(stderr, "softlane/c.h has no %s\n", name);
    std::exit(2);
  }
  std::atexit(softlane::fuzz::PrintCounts);
  return 0;
}
#endif
