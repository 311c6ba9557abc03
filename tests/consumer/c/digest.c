/* SPDX-License-Identifier: Apache-2.0 */
#include "../digest.h"

/* Every function by its name, every value against its name. */
static int CheckNames(void) {
  int target = -1;
  int failures = 0;
  failures +=
      strcmp(softlane_status_name(SOFTLANE_BAD_OPTION), "kBadOption") != 0;
  failures += strcmp(softlane_status_name(256), "unknown") != 0;
  failures += strcmp(softlane_status_name(-1), "unknown") != 0;
  failures +=
      strcmp(softlane_target_name(SOFTLANE_TARGET_AVX512), "avx512") != 0;
  failures += !softlane_parse_target("neon", &target);
  failures += target != SOFTLANE_TARGET_NEON;
  failures += softlane_parse_target("sse", &target) || target != 4;
  failures += softlane_parse_target(NULL, &target);
  failures += !softlane_is_available(softlane_best_target());
  failures += softlane_is_available(256 + SOFTLANE_TARGET_BASELINE);
  failures += softlane_auto_target() == SOFTLANE_TARGET_AUTO;
  failures += softlane_version() != SOFTLANE_VERSION;
  failures += softlane_exp(NULL, SOFTLANE_F32, 1, NULL, SOFTLANE_F32, 1, 1, 1,
                           SOFTLANE_TARGET_AUTO) != SOFTLANE_NULL_POINTER;
  return failures;
}

/* Every element type, and ints that are none. */
static int CheckTypes(void) {
  const uint16_t bf16[2] = {0x0000, 0x3F80}, f16[2] = {0x0000, 0x3C00};
  float wide[2] = {5.0f, 5.0f};
  uint16_t half[2] = {7, 7};
  const int64_t label = 1;
  int failures = 0, type;
  failures += softlane_exp(bf16, SOFTLANE_BF16, 2, wide, SOFTLANE_F32, 2, 1, 2,
                           0) != SOFTLANE_OK;
  failures += wide[0] != 1.0f || !(wide[1] > 2.718f && wide[1] < 2.719f);
  failures += softlane_exp(f16, SOFTLANE_F16, 2, half, SOFTLANE_F16, 2, 1, 2,
                           0) != SOFTLANE_OK;
  failures += half[0] != 0x3C00 || half[1] != 0x4170;
  failures += softlane_exp(wide, SOFTLANE_F32, 2, half, SOFTLANE_BF16, 2, 1, 1,
                           0) != SOFTLANE_OK;
  failures += half[0] != 0x402E;
  half[0] = 7;
  failures += softlane_exp(bf16, SOFTLANE_BF16, 2, half, SOFTLANE_F16, 2, 1, 2,
                           0) != SOFTLANE_BAD_OPTION;
  for (type = 3; type < 100000; type += type) {
    failures += softlane_exp(bf16, SOFTLANE_BF16, 2, half, type, 2, 1, 2, 0) !=
                SOFTLANE_BAD_OPTION;
    failures += softlane_exp(bf16, -type, 2, half, SOFTLANE_BF16, 2, 1, 2, 0) !=
                SOFTLANE_BAD_OPTION;
  }
  failures += softlane_exp(bf16, 256 + SOFTLANE_BF16, 2, half, SOFTLANE_BF16, 2,
                           1, 2, 0) != SOFTLANE_BAD_OPTION;
  failures += half[0] != 7;
  /* A null view has no type. */
  failures += softlane_cross_entropy_i64(wide, SOFTLANE_F32, 2, &label,
                                         wide + 1, NULL, 77, 0, 1, 1, NULL,
                                         NULL, 0) != SOFTLANE_BAD_LABEL;
  return failures;
}

/* Every int of the options, and every null that stands for something. */
static int CheckLoss(void) {
  const float x[4] = {1.0f, 2.0f, 3.0f, 4.0f};
  const int64_t good[2] = {1, -100};
  const int64_t bad[2] = {1, 2};
  const int64_t ignored[2] = {7, 7};
  softlane_cross_entropy_options options = SOFTLANE_CROSS_ENTROPY_DEFAULTS;
  float loss[2] = {5.0f, 5.0f};
  float with_options, divisor = 0.0f;
  int failures = 0;
  failures += softlane_cross_entropy_i64(x, SOFTLANE_F32, 2, bad, loss, NULL,
                                         SOFTLANE_F32, 0, 2, 2, NULL, NULL,
                                         0) != SOFTLANE_BAD_LABEL;
  failures += loss[0] != 5.0f;
  failures += softlane_cross_entropy_i64(x, SOFTLANE_F32, 2, good, loss, NULL,
                                         SOFTLANE_F32, 0, 2, 2, NULL, &divisor,
                                         0) != SOFTLANE_OK;
  failures += divisor != 1.0f || loss[1] != 5.0f;
  failures += softlane_cross_entropy_i64(
                  x, SOFTLANE_F32, 2, good, &with_options, NULL, SOFTLANE_F32,
                  0, 2, 2, &options, NULL, 0) != SOFTLANE_OK;
  failures += loss[0] != with_options;
  options.ignore_index = 7;
  options.zero_if_all_ignored = 256; /* any int but 0 */
  failures += softlane_cross_entropy_i64(x, SOFTLANE_F32, 2, ignored, loss,
                                         NULL, SOFTLANE_F32, 0, 2, 2, &options,
                                         NULL, 0) != SOFTLANE_OK;
  failures += loss[0] != 0.0f;
  options.zero_if_all_ignored = 0;
  failures += softlane_cross_entropy_i64(x, SOFTLANE_F32, 2, ignored, loss,
                                         NULL, SOFTLANE_F32, 0, 2, 2, &options,
                                         NULL, 0) != SOFTLANE_OK;
  failures += loss[0] == loss[0];
  options.reduction = 256 + SOFTLANE_REDUCTION_NONE;
  failures += softlane_cross_entropy_i64(x, SOFTLANE_F32, 2, ignored, loss,
                                         NULL, SOFTLANE_F32, 0, 2, 2, &options,
                                         NULL, 0) != SOFTLANE_BAD_OPTION;
  options.reduction = -1;
  failures +=
      softlane_cross_entropy_probs(x, SOFTLANE_F32, 2, x, SOFTLANE_F32, 2, loss,
                                   NULL, SOFTLANE_F32, 0, 2, 2, &options, NULL,
                                   0) != SOFTLANE_BAD_OPTION;
  return failures;
}

/* Every member of the options of the loss of rows in parts, and null options.
 */
static int CheckLossStates(void) {
  const float x[2] = {1.0f, 1.0f};
  const float weight = 0.0f, upstream = 4.0f;
  const int64_t label = -100;
  const int32_t narrow = 1;
  softlane_loss_state_options options = SOFTLANE_LOSS_STATE_DEFAULTS;
  softlane_softmax_state state;
  float loss = 5.0f, dx[2] = {5.0f, 5.0f};
  int failures = 0;
  memset(&state, 0, sizeof(state));
  /* Null options ignore the label -100. */
  failures +=
      softlane_update_loss_states_i64(x, SOFTLANE_F32, 2, 0, &label, &state, 1,
                                      2, NULL, 0) != SOFTLANE_OK;
  failures +=
      softlane_update_loss_states_i64(x, SOFTLANE_F32, 2, 0, &label, &state, 1,
                                      2, &options, 0) != SOFTLANE_OK;
  failures += state.max_key != 0;
  failures += softlane_cross_entropy_from_states_i64(
                  x, SOFTLANE_F32, 2, 0, 2, &label, &state, &loss, dx,
                  SOFTLANE_F32, 2, 1, 2, &options, 0) != SOFTLANE_OK;
  failures += loss != 0.0f || dx[0] != 0.0f || dx[1] != 0.0f;
  options.ignore_index = 7;
  failures +=
      softlane_update_loss_states_i64(x, SOFTLANE_F32, 2, 0, &label, &state, 1,
                                      2, &options, 0) != SOFTLANE_BAD_LABEL;
  failures +=
      softlane_update_loss_states_i32(x, SOFTLANE_F32, 2, 0, &narrow, &state, 1,
                                      2, &options, 0) != SOFTLANE_OK;
  failures += state.max_key != 0xBF800000u;
  failures += (state.window & 3) != SOFTLANE_STATE_CROSS_ENTROPY;
  failures += softlane_update_states(x, SOFTLANE_F32, 2, 0, &state, 1, 2, 1.0f,
                                     SOFTLANE_STATE_CROSS_ENTROPY,
                                     0) != SOFTLANE_BAD_OPTION;
  /* The gradient is upstream / 2 and its opposite. */
  options.upstream = 2.0f;
  failures += softlane_cross_entropy_from_states_i32(
                  x, SOFTLANE_F32, 2, 0, 2, &narrow, &state, &loss, dx,
                  SOFTLANE_F32, 2, 1, 2, &options, 0) != SOFTLANE_OK;
  failures +=
      !(loss > 0.69f && loss < 0.70f) || dx[0] != 1.0f || dx[1] != -1.0f;
  options.upstream_rows = &upstream;
  failures += softlane_cross_entropy_from_states_i32(
                  x, SOFTLANE_F32, 2, 0, 2, &narrow, &state, &loss, dx,
                  SOFTLANE_F32, 2, 1, 2, &options, 0) != SOFTLANE_OK;
  failures += dx[0] != 2.0f || dx[1] != -2.0f;
  options.label_weights = &weight;
  failures += softlane_cross_entropy_from_states_i32(
                  x, SOFTLANE_F32, 2, 0, 2, &narrow, &state, &loss, NULL,
                  SOFTLANE_F32, 0, 1, 2, &options, 0) != SOFTLANE_OK;
  failures += loss != 0.0f;
  options.z_loss = 1.0f; /* 1 + log 2, squared */
  failures += softlane_cross_entropy_from_states_i32(
                  x, SOFTLANE_F32, 2, 0, 2, &narrow, &state, &loss, NULL,
                  SOFTLANE_F32, 0, 1, 2, &options, 0) != SOFTLANE_OK;
  failures += !(loss > 2.86f && loss < 2.87f);
  options.scale = -1.0f;
  failures += softlane_cross_entropy_from_states_i32(
                  x, SOFTLANE_F32, 2, 0, 2, &narrow, &state, &loss, NULL,
                  SOFTLANE_F32, 0, 1, 2, &options, 0) != SOFTLANE_BAD_OPTION;
  return failures;
}

/* The layout of a state, and every value of its use. */
static int CheckStates(void) {
  const float x[2] = {1.0f, -0.0f};
  softlane_softmax_state state, other;
  int failures = 0;
  memset(&state, 0, sizeof(state));
  failures += sizeof(state) != 48;
  failures += softlane_update_states(x, SOFTLANE_F32, 2, 0, &state, 1, 2, 1.0f,
                                     2, 0) != SOFTLANE_BAD_OPTION;
  failures += softlane_update_states(x, SOFTLANE_F32, 2, 0, &state, 1, 2, 1.0f,
                                     256 + SOFTLANE_STATE_SOFTMAX,
                                     0) != SOFTLANE_BAD_OPTION;
  failures +=
      softlane_update_states(x, SOFTLANE_F32, 2, 0, &state, 1, 2, 1.0f,
                             SOFTLANE_STATE_LOG_SOFTMAX, 0) != SOFTLANE_OK;
  failures += state.max_key != 0xBF800000u || (state.window & 3) != 1;
  memset(&other, 0, sizeof(other));
  failures += softlane_update_states(x, SOFTLANE_F32, 2, 0, &other, 1, 2, 1.0f,
                                     SOFTLANE_STATE_SOFTMAX, 0) != SOFTLANE_OK;
  failures += softlane_merge_states(&state, &other, 1) != SOFTLANE_BAD_OPTION;
  return failures;
}

int main(void) {
  const int failures = CheckNames() + CheckTypes() + CheckLoss() +
                       CheckStates() + CheckLossStates() + DigestAll();
  printf("%d failures\n", failures);
  return failures != 0;
}
