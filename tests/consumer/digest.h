/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOFTLANE_TESTS_CONSUMER_DIGEST_H_
#define SOFTLANE_TESTS_CONSUMER_DIGEST_H_

/* A digest of what every function gives for some fixed inputs, the same for
 * every target, compiler and flags: C99 and C++, integers and exact operations
 * only, so that -Ofast cannot change the inputs. */

#include <softlane/c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DIGEST_MAX_COLS 700

static uint64_t DigestNext(uint64_t* state) { /* SplitMix64 */
  uint64_t z = (*state += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

/* Multiples of 2^-16 in [-16, 16); one in `special` is NaN, an infinity or
 * huge. */
static void DigestFill(float* x, size_t n, uint64_t special, uint64_t* state) {
  static const uint32_t kSpecial[4] = {0xFF800000u, 0x7FC00000u, 0x7F800000u,
                                       0x7F000000u};
  size_t i;
  for (i = 0; i < n; ++i) {
    const uint64_t bits = DigestNext(state);
    x[i] = (float)((int32_t)(bits >> 43) - (1 << 20)) * 0x1p-16f;
    if (special != 0 && bits % special == 0) {
      /* -inf twice as often as all others */
      const uint32_t pick = (uint32_t)(bits >> 20) % 8;
      memcpy(&x[i], &kSpecial[pick < 4 ? pick : 0], sizeof(float));
    }
  }
}

/* FNV-1a; every NaN counts as the same. */
static void DigestAdd(const float* y, size_t n, uint64_t* hash) {
  size_t i;
  for (i = 0; i < n; ++i) {
    uint32_t bits;
    memcpy(&bits, &y[i], sizeof(bits));
    if ((bits & 0x7FFFFFFFu) > 0x7F800000u) bits = 0x7FC00000u;
    *hash = (*hash ^ bits) * 0x100000001B3u;
  }
}

/* What CrossEntropy gives for 3 rows of x: each kind of target, each reduction,
 * separate and in place of x. Uses y. */
static int DigestLosses(float* x, const float* targets, float* y, size_t cols,
                        int target, uint64_t* hash) {
  static const float kUpstream[3] = {1.5f, 0.0f, 2.0f};
  softlane_cross_entropy_options options = SOFTLANE_CROSS_ENTROPY_DEFAULTS;
  const size_t n = 3 * cols;
  int64_t labels[3];
  int32_t narrow[3];
  float loss[3], divisor;
  int status = SOFTLANE_OK;
  size_t r;
  for (r = 0; r < 3; ++r) {
    labels[r] = (int64_t)((cols / 2 + 5 * r) % cols);
    narrow[r] = r == 1 ? -100 : (int32_t)labels[r];
  }
  options.reduction = SOFTLANE_REDUCTION_NONE;
  options.scale = 0.7f;
  options.z_loss = 0.01f;
  options.upstream_rows = kUpstream;
  status |= softlane_cross_entropy_i64(x, SOFTLANE_F32, cols, labels, loss, y,
                                       SOFTLANE_F32, cols, 3, cols, &options,
                                       &divisor, target);
  DigestAdd(loss, 3, hash);
  DigestAdd(y, n, hash);
  DigestAdd(&divisor, 1, hash);
  options.reduction = SOFTLANE_REDUCTION_SUM;
  options.label_smoothing = 0.1f;
  status |= softlane_cross_entropy_probs(
      x, SOFTLANE_F32, cols, targets, SOFTLANE_F32, cols, loss, y, SOFTLANE_F32,
      cols, 3, cols, &options, NULL, target);
  DigestAdd(loss, 1, hash);
  DigestAdd(y, n, hash);
  status |= softlane_cross_entropy_i32(x, SOFTLANE_F32, cols, narrow, loss,
                                       NULL, SOFTLANE_F32, 0, 3, cols, NULL,
                                       &divisor, target);
  DigestAdd(loss, 1, hash);
  DigestAdd(&divisor, 1, hash);
  status |= softlane_cross_entropy_i32(x, SOFTLANE_F32, cols, narrow, loss, x,
                                       SOFTLANE_F32, cols, 3, cols, NULL, NULL,
                                       target);
  DigestAdd(loss, 1, hash);
  DigestAdd(x, n, hash);
  return status;
}

/* What the functions of rows in parts give for 3 rows of x and of p, in two
 * parts each. The results of a part go to y. */
static int DigestParts(const float* x, const float* p, float* y, size_t cols,
                       int use, int target, uint64_t* hash) {
  softlane_softmax_state states[2][3];
  double dots[2][3];
  float logs[3];
  int status = SOFTLANE_OK;
  size_t i;
  memset(states, 0, sizeof(states));
  for (i = 0; i < 2; ++i) {
    const size_t first = i * (cols / 2);
    const size_t count = i == 0 ? cols / 2 : cols - cols / 2;
    status |= softlane_update_states(x + first, SOFTLANE_F32, cols, first,
                                     states[i], 3, count, 0.7f, use, target);
    status |= softlane_softmax_backward_dots(p + first, SOFTLANE_F32, cols,
                                             x + first, SOFTLANE_F32, cols,
                                             dots[i], 3, count, target);
  }
  status |= softlane_merge_states(states[0], states[1], 3);
  for (i = 0; i < 3; ++i) dots[0][i] += dots[1][i];
  status |= softlane_logsumexp_of_states(states[0], logs, 3, 0.7f, target);
  DigestAdd(logs, 3, hash);
  for (i = 0; i < 2; ++i) {
    const size_t first = i * (cols / 2);
    const size_t count = i == 0 ? cols / 2 : cols - cols / 2;
    status |=
        use == SOFTLANE_STATE_SOFTMAX
            ? softlane_softmax_from_states(
                  x + first, SOFTLANE_F32, cols, states[0], y, SOFTLANE_F32,
                  count, 3, count, 0.7f, SOFTLANE_EMPTY_ROW_ZERO, target)
            : softlane_log_softmax_from_states(
                  x + first, SOFTLANE_F32, cols, states[0], y, SOFTLANE_F32,
                  count, 3, count, 0.7f, SOFTLANE_EMPTY_ROW_ZERO, target);
    DigestAdd(y, 3 * count, hash);
    status |= softlane_softmax_backward_from_dots(
        p + first, SOFTLANE_F32, cols, x + first, SOFTLANE_F32, cols, dots[0],
        y, SOFTLANE_F32, count, 3, count, 0.7f, target);
    DigestAdd(y, 3 * count, hash);
  }
  return status;
}

/* What the cross-entropy of rows in parts gives for 3 rows of x, in two parts,
 * with labels of both types. The gradient of a part goes to y. */
static int DigestLossParts(const float* x, float* y, size_t cols, int target,
                           uint64_t* hash) {
  static const float kWeights[3] = {0.5f, 1.0f, 2.0f};
  static const float kUpstream[3] = {1.5f, 0.0f, -2.0f};
  softlane_loss_state_options options = SOFTLANE_LOSS_STATE_DEFAULTS;
  softlane_softmax_state states[3], narrow_states[3];
  int64_t labels[3];
  int32_t narrow[3];
  float losses[3];
  int status = SOFTLANE_OK;
  size_t i;
  for (i = 0; i < 3; ++i) {
    labels[i] = i == 1 ? 7000 : (int64_t)((cols / 2 + 5 * i) % cols);
    narrow[i] = (int32_t)labels[i];
  }
  options.scale = 0.7f;
  options.z_loss = 0.01f;
  options.ignore_index = 7000;
  options.label_weights = kWeights;
  options.upstream_rows = kUpstream;
  memset(states, 0, sizeof(states));
  memset(narrow_states, 0, sizeof(narrow_states));
  for (i = 0; i < 2; ++i) {
    const size_t first = i * (cols / 2);
    const size_t count = i == 0 ? cols / 2 : cols - cols / 2;
    status |= softlane_update_loss_states_i64(x + first, SOFTLANE_F32, cols,
                                              first, labels, states, 3, count,
                                              &options, target);
    status |= softlane_update_loss_states_i32(x + first, SOFTLANE_F32, cols,
                                              first, narrow, narrow_states, 3,
                                              count, &options, target);
  }
  if (memcmp(states, narrow_states, sizeof(states)) != 0) return -1;
  for (i = 0; i < 2; ++i) {
    const size_t first = i * (cols / 2);
    const size_t count = i == 0 ? cols / 2 : cols - cols / 2;
    status |= softlane_cross_entropy_from_states_i64(
        x + first, SOFTLANE_F32, cols, first, cols, labels, states, losses, y,
        SOFTLANE_F32, count, 3, count, &options, target);
    DigestAdd(losses, 3, hash);
    DigestAdd(y, 3 * count, hash);
    options.label_weights = NULL;
    status |= softlane_cross_entropy_from_states_i32(
        x + first, SOFTLANE_F32, cols, first, cols, narrow, states, losses,
        NULL, SOFTLANE_F32, 0, 3, count, &options, target);
    options.label_weights = kWeights;
    DigestAdd(losses, 3, hash);
  }
  return status;
}

/* 0 if a call fails. */
static uint64_t Digest(int target) {
  static float x[3 * DIGEST_MAX_COLS], second[3 * DIGEST_MAX_COLS];
  static float y[3 * DIGEST_MAX_COLS];
  uint64_t state = 1;
  uint64_t hash = 0xCBF29CE484222325u;
  size_t cols;
  for (cols = 1; cols <= DIGEST_MAX_COLS; cols += cols < 150 ? 1 : 61) {
    const size_t n = 3 * cols;
    const uint64_t special = cols % 3 == 0 ? 40 : 0;
    float row[3];
    int status = SOFTLANE_OK;
    DigestFill(x, n, special, &state);
    DigestFill(second, n, 0, &state);
    status |= softlane_exp(x, SOFTLANE_F32, cols, y, SOFTLANE_F32, cols, 3,
                           cols, target);
    DigestAdd(y, n, &hash);
    status |= softlane_row_max(x, SOFTLANE_F32, cols, row, 3, cols, target);
    DigestAdd(row, 3, &hash);
    status |= softlane_softmax(x, SOFTLANE_F32, cols, y, SOFTLANE_F32, cols, 3,
                               cols, 0.7f, SOFTLANE_EMPTY_ROW_ZERO, target);
    DigestAdd(y, n, &hash);
    status |= softlane_softmax_with_logsumexp(
        x, SOFTLANE_F32, cols, y, SOFTLANE_F32, cols, row, 3, cols, 1.0f,
        SOFTLANE_EMPTY_ROW_NAN, target);
    DigestAdd(y, n, &hash);
    DigestAdd(row, 3, &hash);
    status |= softlane_softmax_backward(y, SOFTLANE_F32, cols, second,
                                        SOFTLANE_F32, cols, y, SOFTLANE_F32,
                                        cols, 3, cols, 0.7f, target);
    DigestAdd(y, n, &hash);
    status |=
        softlane_logsumexp(x, SOFTLANE_F32, cols, row, 3, cols, 0.7f, target);
    DigestAdd(row, 3, &hash);
    status |=
        softlane_log_softmax(x, SOFTLANE_F32, cols, y, SOFTLANE_F32, cols, 3,
                             cols, 0.7f, SOFTLANE_EMPTY_ROW_ZERO, target);
    DigestAdd(y, n, &hash);
    status |= softlane_log_softmax_backward(y, SOFTLANE_F32, cols, second,
                                            SOFTLANE_F32, cols, y, SOFTLANE_F32,
                                            cols, 3, cols, 0.7f, target);
    DigestAdd(y, n, &hash);
    if (cols * cols <= 3 * DIGEST_MAX_COLS) {
      status |= softlane_softmax_jacobian(second, cols, y, cols, target);
      DigestAdd(y, cols * cols, &hash);
    }
    status |= DigestLosses(x, second, y, cols, target, &hash);
    status |=
        softlane_softmax(second, SOFTLANE_F32, cols, x, SOFTLANE_F32, cols, 3,
                         cols, 1.0f, SOFTLANE_EMPTY_ROW_NAN, target);
    status |=
        DigestParts(second, x, y, cols, SOFTLANE_STATE_SOFTMAX, target, &hash);
    status |= DigestParts(second, x, y, cols, SOFTLANE_STATE_LOG_SOFTMAX,
                          target, &hash);
    status |= DigestLossParts(second, y, cols, target, &hash);
    if (status != SOFTLANE_OK) return 0;
  }
  return hash;
}

/* 0 if every available target gives the golden digest and every target that the
 * environment variable SOFTLANE_REQUIRE_TARGETS names is available. */
static int DigestAll(void) {
  const char* required = getenv("SOFTLANE_REQUIRE_TARGETS");
  int targets[4];
  const size_t count = softlane_available_targets(targets);
  int failures = count == 0;
  size_t i;
  int t;
  for (i = 0; i < count; ++i) {
    const uint64_t digest = Digest(targets[i]);
    const int same = digest == UINT64_C(0xCCC6CC42BECBA2F2);
    printf("%s: %016llx, %s\n", softlane_target_name(targets[i]),
           (unsigned long long)digest, same ? "as it should be" : "WRONG");
    failures += !same;
  }
  for (t = SOFTLANE_TARGET_BASELINE; t <= SOFTLANE_TARGET_NEON; ++t) {
    if (required != NULL && strstr(required, softlane_target_name(t)) != NULL &&
        !softlane_is_available(t)) {
      printf("%s: required but not available\n", softlane_target_name(t));
      ++failures;
    }
  }
  return failures;
}

#endif /* SOFTLANE_TESTS_CONSUMER_DIGEST_H_ */
