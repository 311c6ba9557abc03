/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOFTLANE_C_TYPES_H_
#define SOFTLANE_C_TYPES_H_

#include <stddef.h>
#include <stdint.h>

/**
 * @file
 * The constants and the structs of softlane/c.h. The constants have the values
 * of the C++ enumerators, and the structs have the members of the C++ structs.
 */

/** The values of softlane::Status. */
enum {
  SOFTLANE_OK = 0,                /**< Status::kOk */
  SOFTLANE_NULL_POINTER = 1,      /**< Status::kNullPointer */
  SOFTLANE_BAD_SHAPE = 2,         /**< Status::kBadShape */
  SOFTLANE_OVERLAP = 3,           /**< Status::kOverlap */
  SOFTLANE_BAD_OPTION = 4,        /**< Status::kBadOption */
  SOFTLANE_BAD_LABEL = 5,         /**< Status::kBadLabel */
  SOFTLANE_TARGET_UNAVAILABLE = 6 /**< Status::kTargetUnavailable */
};

/** The values of softlane::ElementType. */
enum {
  SOFTLANE_F32 = 0,  /**< ElementType::kFloat32: float */
  SOFTLANE_BF16 = 1, /**< ElementType::kBFloat16, of two bytes */
  SOFTLANE_F16 = 2   /**< ElementType::kFloat16, of two bytes */
};

/** The values of softlane::Target. */
enum {
  SOFTLANE_TARGET_AUTO = 0,     /**< Target::kAuto */
  SOFTLANE_TARGET_BASELINE = 1, /**< Target::kBaseline */
  SOFTLANE_TARGET_AVX2 = 2,     /**< Target::kAvx2 */
  SOFTLANE_TARGET_AVX512 = 3,   /**< Target::kAvx512 */
  SOFTLANE_TARGET_NEON = 4      /**< Target::kNeon */
};

/** The values of softlane::EmptyRow. */
enum {
  SOFTLANE_EMPTY_ROW_NAN = 0, /**< EmptyRow::kNan */
  SOFTLANE_EMPTY_ROW_ZERO = 1 /**< EmptyRow::kZero */
};

/** The values of softlane::StateUse. */
enum {
  SOFTLANE_STATE_SOFTMAX = 0,      /**< StateUse::kSoftmax */
  SOFTLANE_STATE_LOG_SOFTMAX = 1,  /**< StateUse::kLogSoftmax */
  SOFTLANE_STATE_CROSS_ENTROPY = 2 /**< StateUse::kCrossEntropy */
};

/** The values of softlane::Reduction. */
enum {
  SOFTLANE_REDUCTION_NONE = 0, /**< Reduction::kNone */
  SOFTLANE_REDUCTION_SUM = 1,  /**< Reduction::kSum */
  SOFTLANE_REDUCTION_MEAN = 2  /**< Reduction::kMean */
};

/** softlane::CrossEntropyOptions. */
typedef struct softlane_cross_entropy_options {
  int reduction;              /**< CrossEntropyOptions::reduction */
  int64_t ignore_index;       /**< CrossEntropyOptions::ignore_index */
  float label_smoothing;      /**< CrossEntropyOptions::label_smoothing */
  const float* class_weights; /**< CrossEntropyOptions::class_weights */
  float z_loss;               /**< CrossEntropyOptions::z_loss */
  float scale;                /**< CrossEntropyOptions::scale */
  const float* upstream_rows; /**< CrossEntropyOptions::upstream_rows */
  size_t upstream_stride;     /**< CrossEntropyOptions::upstream_stride */
  float upstream;             /**< CrossEntropyOptions::upstream */
  int zero_if_all_ignored;    /**< CrossEntropyOptions::zero_if_all_ignored */
  int accumulate;             /**< CrossEntropyOptions::accumulate */
} softlane_cross_entropy_options;

/** An initializer with the default options of cross-entropy. */
#define SOFTLANE_CROSS_ENTROPY_DEFAULTS \
  { SOFTLANE_REDUCTION_MEAN, -100, 0.0f, NULL, 0.0f, 1.0f, NULL, 0, 1.0f, 0, 0 }

/** softlane::AttentionOptions. A null bias or keep means that there is none. */
typedef struct softlane_attention_options {
  float scale;            /**< AttentionOptions::scale */
  float softcap;          /**< AttentionOptions::softcap */
  float alibi_slope;      /**< AttentionOptions::alibi_slope */
  float bias_scale;       /**< AttentionOptions::bias_scale */
  const void* bias;       /**< AttentionOptions::bias: the data */
  int bias_type;          /**< AttentionOptions::bias: the element type */
  size_t bias_stride;     /**< AttentionOptions::bias: the stride */
  const uint8_t* keep;    /**< AttentionOptions::keep: the data */
  size_t keep_stride;     /**< AttentionOptions::keep: the stride */
  const int32_t* lengths; /**< AttentionOptions::lengths */
  int causal;             /**< AttentionOptions::causal */
  int64_t first_query;    /**< AttentionOptions::first_query: alibi_slope,
                               causal and window need it */
  int64_t window;         /**< AttentionOptions::window */
  const float* sinks;     /**< AttentionOptions::sinks */
  int empty_row;          /**< AttentionOptions::empty_row */
} softlane_attention_options;

/** An initializer with the default options of attention. */
#define SOFTLANE_ATTENTION_DEFAULTS                                        \
  {                                                                        \
    1.0f, 0.0f, 0.0f, 1.0f, NULL, SOFTLANE_F32, 0, NULL, 0, NULL, 0, 0, 0, \
        NULL, SOFTLANE_EMPTY_ROW_ZERO                                      \
  }

/** softlane::AttentionTileOptions. */
typedef struct softlane_attention_tile_options {
  softlane_attention_options attention; /**< AttentionTileOptions::attention */
  size_t first_key;                     /**< AttentionTileOptions::first_key */
  int round_exps;                       /**< AttentionTileOptions::round_exps */
} softlane_attention_tile_options;

/** An initializer with the default options of a tile. */
#define SOFTLANE_ATTENTION_TILE_DEFAULTS \
  { SOFTLANE_ATTENTION_DEFAULTS, 0, 0 }

/** softlane::SoftmaxState. If all its bytes are 0, no column has been read. */
typedef struct softlane_softmax_state {
  uint32_t max_key; /**< SoftmaxState::max_key */
  int32_t window;   /**< SoftmaxState::window */
  int64_t limbs[5]; /**< SoftmaxState::limbs */
} softlane_softmax_state;

/** softlane::LossStateOptions. */
typedef struct softlane_loss_state_options {
  float scale;                /**< LossStateOptions::scale */
  float z_loss;               /**< LossStateOptions::z_loss */
  int64_t ignore_index;       /**< LossStateOptions::ignore_index */
  const float* label_weights; /**< LossStateOptions::label_weights */
  const float* upstream_rows; /**< LossStateOptions::upstream_rows */
  float upstream;             /**< LossStateOptions::upstream */
} softlane_loss_state_options;

/** An initializer with the default options of the cross-entropy of rows in
 * parts. */
#define SOFTLANE_LOSS_STATE_DEFAULTS \
  { 1.0f, 0.0f, -100, NULL, NULL, 1.0f }

/** softlane::AnyTensor. If a function needs a tensor and the pointer to the
 * struct is null, it returns SOFTLANE_NULL_POINTER before all other errors. The
 * data of an input are not written. */
typedef struct softlane_tensor {
  void* data;         /**< AnyTensor::data */
  int type;           /**< AnyTensor::type */
  int rank;           /**< AnyTensor::rank: the number of dimensions */
  int64_t sizes[8];   /**< AnyTensor::sizes */
  int64_t strides[8]; /**< AnyTensor::strides */
} softlane_tensor;

/** softlane::AttentionHeadsOptions. Each pointer may be null: then the option
 * is not used. A stride of 0 repeats the first value. */
typedef struct softlane_attention_heads_options {
  float scale;                  /**< AttentionHeadsOptions::scale */
  float softcap;                /**< AttentionHeadsOptions::softcap */
  const float* alibi_slopes;    /**< AttentionHeadsOptions::alibi_slopes */
  int64_t alibi_slopes_stride;  /**< the stride of alibi_slopes */
  const softlane_tensor* bias;  /**< AttentionHeadsOptions::bias */
  const float* bias_scales;     /**< AttentionHeadsOptions::bias_scales */
  int64_t bias_scales_stride;   /**< the stride of bias_scales */
  const softlane_tensor* keep;  /**< AttentionHeadsOptions::keep; the data are
                                     bytes, whatever the type is */
  const int32_t* lengths;       /**< AttentionHeadsOptions::lengths */
  int64_t lengths_stride;       /**< the stride of lengths */
  int causal;                   /**< AttentionHeadsOptions::causal */
  int64_t first_query;          /**< AttentionHeadsOptions::first_query */
  const int64_t* first_queries; /**< AttentionHeadsOptions::first_queries */
  int64_t first_queries_stride; /**< the stride of first_queries */
  int64_t window;               /**< AttentionHeadsOptions::window */
  const float* sinks;           /**< AttentionHeadsOptions::sinks */
  int64_t sinks_stride;         /**< the stride of sinks */
  int empty_row;                /**< AttentionHeadsOptions::empty_row */
} softlane_attention_heads_options;

/** An initializer with the default options of attention of all heads. */
#define SOFTLANE_ATTENTION_HEADS_DEFAULTS                                      \
  {                                                                            \
    1.0f, 0.0f, NULL, 1, NULL, NULL, 1, NULL, NULL, 1, 0, 0, NULL, 1, 0, NULL, \
        1, SOFTLANE_EMPTY_ROW_ZERO                                             \
  }

#endif /* SOFTLANE_C_TYPES_H_ */
