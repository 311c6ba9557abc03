// SPDX-License-Identifier: Apache-2.0
// Softmax, and cross-entropy with its gradient, of rows whose columns, the
// words of a vocabulary, are split over the ranks of MPI. A rank has the logits
// of its columns only. Fails unless parts that begin at multiples of kStateCols
// give the bits of one call, and other parts keep the error bounds.

#include <mpi.h>
#include <softlane/softlane.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using softlane::Rows;
using softlane::SoftmaxState;
using softlane::Status;

using Floats = std::vector<float>;

constexpr float kInfinity = std::numeric_limits<float>::infinity();

// A rank that returns early would leave the others waiting, so all end.
void Require(Status status) {
  if (status == Status::kOk) return;
  std::fprintf(stderr, "%s\n", softlane::StatusName(status));
  MPI_Abort(MPI_COMM_WORLD, 1);
}

MPI_Datatype state_type;
MPI_Op merge_op;

void Merge(void* from, void* into, int* rows, MPI_Datatype*) {
  Require(MergeStates(static_cast<SoftmaxState*>(into),
                      static_cast<const SoftmaxState*>(from), *rows));
}
void MakeMerge() {
  MPI_Type_contiguous(sizeof(SoftmaxState), MPI_BYTE, &state_type);
  MPI_Type_commit(&state_type);
  MPI_Op_create(&Merge, /*commute=*/1, &merge_op);
}
void MergeOverRanks(std::vector<SoftmaxState>& states) {
  MPI_Allreduce(MPI_IN_PLACE, states.data(), static_cast<int>(states.size()),
                state_type, merge_op, MPI_COMM_WORLD);
}

// The columns of a rank, in memory of its own.
struct Part {
  size_t first_col;
  Rows<const float> logits;
};

// The probabilities of the columns of this rank.
Floats SoftmaxOverRanks(const Part& part) {
  const auto& [first_col, logits] = part;
  Floats probs(logits.rows * logits.cols);
  std::vector<SoftmaxState> states(logits.rows);
  Require(UpdateStates(logits, first_col, states.data()));
  MergeOverRanks(states);
  Require(SoftmaxFromStates(logits, states.data(),
                            {probs.data(), logits.rows, logits.cols}));
  return probs;
}

struct Losses {
  Floats losses;   // of the whole rows
  Floats dlogits;  // of the columns of this rank
};

// The labels are columns of whole rows: each rank has all of them.
Losses CrossEntropyOverRanks(const Part& part, size_t num_classes,
                             const std::vector<int64_t>& labels) {
  const auto& [first_col, logits] = part;
  Losses result{Floats(logits.rows), Floats(logits.rows * logits.cols)};
  std::vector<SoftmaxState> states(logits.rows);
  Require(UpdateLossStates(logits, first_col, labels.data(), states.data()));
  MergeOverRanks(states);
  Require(CrossEntropyFromStates(
      logits, first_col, num_classes, labels.data(), states.data(),
      result.losses.data(), {result.dlogits.data(), logits.rows, logits.cols}));
  // A loss is in the part of its label, and +0 in the others.
  MPI_Allreduce(MPI_IN_PLACE, result.losses.data(),
                static_cast<int>(logits.rows), MPI_FLOAT, MPI_SUM,
                MPI_COMM_WORLD);
  return result;
}

// The rest is the test.

// Kinds of rows. The results of special rows are exact, so they have the bits
// of one call in all parts.
enum Row : size_t {
  kPlain,
  kRising,  // so that each part has another maximum
  kMasked,  // the first two thirds
  kSpecialRows,
  kOneWord = kSpecialRows,  // which is not the label: the loss is infinite
  kIgnored,                 // NaN and all
  kEmpty,
  kNaN,
  kInfinite,
  kRows,
};

float LogitOf(size_t row, size_t col, size_t cols) {
  uint64_t bits = (row * cols + col + 1) * 0x9E3779B97F4A7C15u;
  bits = (bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9u;
  const float x = static_cast<float>(bits >> 44) * 0x1p-16f - 8.0f;
  switch (row) {
    case kRising:
      return x + 100.0f * static_cast<float>(col) / static_cast<float>(cols);
    case kMasked:
      return col < cols / 3 * 2 ? -kInfinity : x;
    case kOneWord:
      return col + 1 < cols ? -kInfinity : x;
    case kEmpty:
      return -kInfinity;
    case kIgnored:
    case kNaN:
      return col == cols / 2 ? NAN : x;
    case kInfinite:
      return col == cols / 2 ? kInfinity : x;
    default:
      return x;
  }
}
int64_t LabelOf(size_t row, size_t cols) {
  if (row == kIgnored) return -100;
  if (row == kMasked) return static_cast<int64_t>(cols) - 1;
  return static_cast<int64_t>(row * 40503 % (cols - 1));
}

bool IsSame(float a, float b) {
  return std::memcmp(&a, &b, sizeof(a)) == 0 || (a != a && b != b);
}

// Values in double, and what their errors may be.
struct Expected {
  double value, error;
};
// The results of an ordinary row.
class Oracle {
 public:
  Oracle(const float* logits, size_t cols, size_t label)
      : logits_(logits), label_(label) {
    max_ = *std::max_element(logits, logits + cols);
    for (size_t c = 0; c < cols; ++c) {
      (c == label ? of_label_ : of_others_) += Exp(c);
    }
  }

  Expected Prob(size_t c) const {
    const double p = Exp(c) / Sum();
    // A probability below 2^-126 is +0.
    if (p < 0x1p-125) return {p, p};
    int exponent;
    std::frexp(p, &exponent);
    return {p, softlane::kSoftmaxMaxUlp * std::ldexp(1.0, exponent - 24)};
  }
  Expected Loss() const {
    const double loss = std::log(Sum()) - (double{logits_[label_]} - max_);
    return {loss, softlane::kCrossEntropyMaxError * std::max(1.0, loss)};
  }
  Expected Gradient(size_t c) const {
    const double magnitude = (c == label_ ? of_others_ : Exp(c)) / Sum();
    const double error =
        softlane::kCrossEntropyGradientMaxError * 0x1p-24 * magnitude;
    return {c == label_ ? -magnitude : magnitude, error + 0x1p-125};
  }

 private:
  double Exp(size_t c) const { return std::exp(double{logits_[c]} - max_); }
  double Sum() const { return of_label_ + of_others_; }

  const float* logits_;
  size_t label_;
  double max_, of_label_ = 0.0, of_others_ = 0.0;
};

// How many values have other bits than those of one call, and the largest
// error, over the bound.
struct Tally {
  long other_bits = 0;
  double error = 0.0;

  void Add(float got, float in_one_call) {
    other_bits += !IsSame(got, in_one_call);
  }
  void Add(float got, const Expected& want) {
    const double ratio = std::abs(double{got} - want.value) / want.error;
    error = ratio <= error ? error : ratio;  // a NaN counts
  }
};

struct Split {
  const char* name;
  bool begins_at_blocks;
  // The first column of part i of n.
  size_t (*first_col)(size_t cols, size_t i, size_t n);
};
constexpr size_t kBlock = softlane::kStateCols;
constexpr Split kSplits[] = {
    {"even parts of whole blocks", true,
     [](size_t cols, size_t i, size_t n) {
       return Rows<const float>(nullptr, 1, cols).FirstColOfPart(i, n);
     }},
    {"uneven parts of whole blocks", true,
     [](size_t cols, size_t i, size_t n) {
       const size_t blocks = (cols + kBlock - 1) / kBlock;
       return std::min(blocks * i * i / (n * n) * kBlock, cols);
     }},
    {"even parts", false,
     [](size_t cols, size_t i, size_t n) { return cols * i / n; }},
    {"uneven parts", false,
     [](size_t cols, size_t i, size_t n) { return cols * i * i / (n * n); }}};

// The values of this rank, which has part i of n.
Tally Compare(size_t cols, const Split& split, size_t i, size_t n) {
  Floats x(kRows * cols);
  std::vector<int64_t> labels(kRows);
  for (size_t r = 0; r < kRows; ++r) {
    labels[r] = LabelOf(r, cols);
    for (size_t c = 0; c < cols; ++c) x[r * cols + c] = LogitOf(r, c, cols);
  }
  const size_t first = split.first_col(cols, i, n);
  const size_t count = split.first_col(cols, i + 1, n) - first;
  Floats own;
  for (size_t r = 0; r < kRows; ++r) {
    const float* const row = x.data() + r * cols + first;
    own.insert(own.end(), row, row + count);
  }
  const Part part{first, {own.data(), kRows, count}};
  const Floats probs = SoftmaxOverRanks(part);
  const Losses result = CrossEntropyOverRanks(part, cols, labels);

  const Rows<const float> logits(x.data(), kRows, cols);
  Floats p(x.size()), d(x.size()), losses(kRows);
  softlane::CrossEntropyOptions options;
  options.reduction = softlane::Reduction::kNone;
  Require(Softmax(logits, {p.data(), kRows, cols}));
  Require(CrossEntropy(logits, labels.data(), losses.data(),
                       {d.data(), kRows, cols}, options));
  Tally tally;
  for (size_t r = 0; r < kRows; ++r) {
    if (split.begins_at_blocks || r >= kSpecialRows) {
      tally.Add(result.losses[r], losses[r]);
      for (size_t c = 0; c < count; ++c) {
        tally.Add(probs[r * count + c], p[r * cols + first + c]);
        tally.Add(result.dlogits[r * count + c], d[r * cols + first + c]);
      }
    }
    if (r >= kSpecialRows) continue;
    const Oracle oracle(logits.Row(r), cols, static_cast<size_t>(labels[r]));
    tally.Add(result.losses[r], oracle.Loss());
    for (size_t c = 0; c < count; ++c) {
      tally.Add(probs[r * count + c], oracle.Prob(first + c));
      tally.Add(result.dlogits[r * count + c], oracle.Gradient(first + c));
    }
  }
  return tally;
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  int rank, ranks;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  MakeMerge();
  int failures = 0;
  for (const Split& split : kSplits) {
    for (const size_t cols : {size_t{5}, 6 * kBlock + 77, size_t{50257}}) {
      // Each split has another order of the parts.
      const auto turn = static_cast<size_t>(&split - kSplits);
      const auto n = static_cast<size_t>(ranks);
      Tally tally =
          Compare(cols, split, (static_cast<size_t>(rank) + turn) % n, n);
      MPI_Allreduce(MPI_IN_PLACE, &tally.other_bits, 1, MPI_LONG, MPI_SUM,
                    MPI_COMM_WORLD);
      MPI_Allreduce(MPI_IN_PLACE, &tally.error, 1, MPI_DOUBLE, MPI_MAX,
                    MPI_COMM_WORLD);
      const bool is_good = tally.other_bits == 0 && tally.error <= 1.0;
      if (rank == 0) {
        std::printf(
            "%d ranks, %zu columns, %s: %ld other bits, %.2f of the "
            "bounds%s\n",
            ranks, cols, split.name, tally.other_bits, tally.error,
            is_good ? "" : ": FAILED");
      }
      failures += !is_good;
    }
  }
  MPI_Op_free(&merge_op);
  MPI_Type_free(&state_type);
  MPI_Finalize();
  return failures != 0;
}
