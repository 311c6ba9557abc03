#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Applies mutants to lib/, one at a time, and runs the tests: every one must be killed.

    tests/mutants.py DIRECTORY [--jobs N] [--every N] [NAME ...]
    tests/mutants.py DIRECTORY --summary [NAME ...]

copies the source to DIRECTORY, builds there, and leaves this tree alone. NAMEs are parts
of the file names of those to run. Prints which test killed a mutant; exits with 1 if one
survives. All take hours, but a run may be cut at any time: the next one goes on. Results
stand in DIRECTORY/results.jsonl, and hold as long as the mutant and its file are the same.

A test program is linked with the objects that it needs and with no others, so few are
compiled per mutant. The tests whose objects the mutant is in run one after another, first
those that killed mutants of the same file.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import pathlib
import queue
import re
import shutil
import signal
import subprocess
import sys
import threading
import time

# (file in lib/, what stands there once, what the mutant has instead)
MUTANTS = [
    # exp-inl.h: the core
    ("arith/exp_coefficients.h", "0x1.c6a598p-5f", "0x1.c6a5a8p-5f"),
    ("arith/exp_coefficients.h", "0x1.ec0fa2p-3f", "0x1.ec0fa4p-3f"),
    ("arith/exp_coefficients.h", "0x1.62e432p-1f", "0x1.62e434p-1f"),
    ("arith/exp_coefficients.h", "0x3F8B3A3E", "0x3F8B3A3F"),
    ("arith/exp_coefficients.h", "0x3FB48E45", "0x3FB48E46"),
    ("arith/exp_coefficients.h", "0x3FFF5829", "0x3FFF5828"),
    ("arith/exp_coefficients.h", "(j << 20)", "(j << 19)"),
    ("arith/exp-inl.h", "ShiftLeft<20>", "ShiftLeft<21>"),
    ("arith/plan.h", "0x1.71547652b82fep0", "0x1.71547652c82fep0"),
    ("arith/plan.h", "0x1.62e42fefa39efp-1", "0x1.62e430p-1"),
    ("arith/plan.h", "0x1.5863538c74e7fp-4", "0x1.58636p-4"),
    ("arith/exp_coefficients.h", "constexpr float kMagic = 0x1.8p20f", "constexpr float kMagic = 0x1.8p21f"),
    ("arith/exp-inl.h", "return Fnma(x, l_lo, near);", "return near;"),
    ("arith/exp-inl.h", "return Fnma(power, p, power);", "return hn::Sub(power, hn::Mul(power, p));"),
    # Exp
    ("arith/exp_coefficients.h", "0x1.3b0852p-7f", "0x1.3b1852p-7f"),
    ("arith/exp_coefficients.h", "0x1.c6b8eap-5f", "0x1.c6b8fap-5f"),
    ("arith/exp_coefficients.h", "0x3FB504F3", "0x3FB504F4"),
    ("arith/exp_coefficients.h", "0x33092801", "0x33092901"),
    ("arith/exp_coefficients.h", "0xB1D290BE", "0x00000000"),
    ("arith/exp_coefficients.h", "kExpHighest = 89.0f", "kExpHighest = 88.0f"),
    ("arith/exp_coefficients.h", "kExpLowest = -104.0f", "kExpLowest = -103.0f"),
    ("arith/exp_coefficients.h", "kExpNegativeShift = 64.0f", "kExpNegativeShift = 8.0f"),
    ("arith/exp_coefficients.h", "kExpNegativeBack = 0x1p-64f", "kExpNegativeBack = 0x1p-63f"),
    ("kernels/exp_passes.cc", "StoreTerms(MappedRow<Exponential>{exponential, x.Row(r)}, y.Row(r), x.cols);", "StoreTerms(MappedRow<Exponential>{exponential, x.Row(r)}, y.data + r * x.cols, x.cols);"),
    ("kernels/exp_passes.cc", "y.Row(r), x.cols, {", "y.data + r * x.cols, x.cols, {"),
    ("exp.cc", "x.stride == x.cols && ", ""),
    ("exp.cc", " && y.stride == y.cols", ""),
    ("exp.cc", "v.rows * v.cols", "(v.rows - 1) * v.cols"),
    ("kernels/stream-inl.h", "for (; n - i >= kLanes; i += kLanes) Store(", "for (; n - i > kLanes + 1; i += kLanes) Store("),
    ("kernels/stream-inl.h", "if (i != n) StoreFirst(terms.First(i, n - i), to + i, n - i);", "if (i != n) StoreFirst(terms.First(i, n - i), to + i, n - i - 1);"),
    # sse2_*-inl.h: the x86-64 baseline
    ("arith/sse2-inl.h", "found_ = _mm_or_si128(found_, AreTies(lower, upper));", ""),
    ("arith/sse2-inl.h", "1.5 * static_cast<double>(uint64_t{1} << (52 - 23 + kExponent))", "1.5 * static_cast<double>(uint64_t{1} << (51 - 23 + kExponent))"),
    ("arith/sse2-inl.h", "_mm_slli_epi32(LastBits(lower, upper), 3)", "_mm_slli_epi32(LastBits(lower, upper), 4)"),
    ("arith/sse2-inl.h", "_mm_extract_epi16(pairs, 4)", "_mm_extract_epi16(pairs, 0)"),
    ("arith/sse2-inl.h", "b = _mm_max_ps(b, v);", ""),
    ("arith/sse2-inl.h", "if (count == 3) _mm_store_ss(to + 2, UpperTwo(v));", ""),
    ("arith/sse2_softmax_exp-inl.h", "_mm_andnot_ps(is_below, result)", "result"),
    ("arith/sse2_softmax_exp-inl.h", "return bits << 12 != 0;", "return false;"),
    ("arith/sse2_softmax_exp-inl.h", "_mm_sub_pd(_mm_add_pd(cubic, kWideConstants.c2), kWideConstants.c2_counter)", "_mm_add_pd(cubic, _mm_set1_pd(internal::kSoftmaxC2))"),
    ("arith/sse2_exp-inl.h", "_mm_movemask_ps(unusual) == 0", "true"),
    ("arith/sse2_exp-inl.h", "kMaxUsual = 87.0f", "kMaxUsual = 97.0f"),
    ("arith/sse2_softmax_exp-inl.h", "Pair log_counter = 0x1p52 + 1024.0;", "Pair log_counter = 0x1p52 + 1023.0;"),
    ("arith/sse2_row_plans-inl.h", "_mm_set1_epi32(kWholeHeadroom), octaves), 23)", "_mm_set1_epi32(kWholeHeadroom), octaves), 22)"),
    ("arith/sse2_row_plans-inl.h", "outside_ = _mm_or_pd(outside_, IsOutside(upper, parts));", ""),
    ("arith/sse2_row_plans-inl.h", "kLowestOctaves - kWholeHeadroom", "kLowestOctaves"),
    ("arith/sse2_sum-inl.h", "second = AddUp(second, load(e + 4 * k + 48));", ""),
    ("arith/sse2_sum-inl.h", "const Folded upper = Fold(e, k + 2, count);", "const Folded upper = Fold(e, k, count);"),
    ("kernels/sse2_rows.cc", "count % 4 != 0 || (may_have_ties && from == e)", "count % 4 != 0"),
    ("kernels/sse2_rows.cc", "if (may_have_ties) CheckTies(from, e, count, plan, parts, lowest);", ""),
    ("arith/sse2_row_plans-inl.h", "return _mm_movemask_pd(_mm_and_pd(is_exact, is_usual)) == 3;", "return true;"),
    ("arith/sse2_row_plans-inl.h", "_mm_and_pd(is_exact, is_usual)", "is_exact"),
    ("arith/sse2_row_plans-inl.h", "_mm_andnot_ps(_mm_cmplt_ps(e, least), e)", "e"),
    ("arith/sse2_row_plans-inl.h", "return _mm_movemask_pd(outside) == 0;", "return true;"),
    ("arith/sse2_row_plans-inl.h", "return _mm_movemask_pd(outside_) == 0;", "return true;"),
    ("arith/sse2_row_plans-inl.h", "_mm_and_pd(is_one, scaled_max)", "_mm_and_pd(is_one, log)"),
    ("kernels/sse2_narrow_rows.cc", "return _mm_movemask_pd(are_nan) == 0;", "return true;"),
    ("kernels/sse2_narrow_rows.cc", "if (r >= rows_) return; y += r * stride;", "y += r * stride;"),
    ("kernels/sse2_narrow_rows.cc", "max = _mm_max_ps(max, v[k]);", "max = v[k];"),
    ("kernels/sse2_narrow_rows-inl.h", "parts.is_usual && !MayHaveTies(parts)", "parts.is_usual"),
    ("kernels/sse2_narrow_rows.cc", "two[i] = _mm_add_pd(two[i], more[i]);", ""),
    ("kernels/sse2_narrow_rows-inl.h", "rows == 1 ? 12 : 4", "rows == 1 ? 12 : 8"),
    ("kernels/sse2_short_rows.cc", "if (!parts_.is_usual) return false;", ""),
    ("kernels/sse2_short_rows.cc", "return _mm_movemask_pd(are_nan) == 0;", "return true;"),
    ("kernels/log_passes.cc", "ties.Any() || !is_usual_", "!is_usual_"),
    ("kernels/log_passes.cc", "if (exact_.is_shifted) v =", "if (false) v ="),
    ("kernels/softmax_passes.cc", "DivideExp(last, y + full, n - full, sum);", ""),
    # sum-inl.h
    ("arith/sum-inl.h", "FoldInDouble(from + kSumLanes)", "FoldInDouble(from)"),
    ("arith/sum-inl.h", "hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d))", "hn::Add(hn::Add(hn::Add(v.a, v.b), v.c), v.d)"),
    ("arith/sum-inl.h", "hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d))", "hn::Add(hn::Add(v.a, v.c), hn::Add(v.b, v.d))"),
    ("arith/terms-inl.h", "One(i + 32), One(i + 48)}; } HWY_INLINE VF One(size_t i) const { if (i + kLanes <= count) return terms.One(start + i); return i < count ? partial", "One(i + 32), One(i + 32)}; } HWY_INLINE VF One(size_t i) const { if (i + kLanes <= count) return terms.One(start + i); return i < count ? partial"),
    ("arith/terms-inl.h", "One(i + 32), One(i + 48)}; } HWY_INLINE VF One(size_t i) const { if (i + kLanes <= count) return terms.One(start + i); return i < count ? terms.First", "One(i + 32), One(i + 32)}; } HWY_INLINE VF One(size_t i) const { if (i + kLanes <= count) return terms.One(start + i); return i < count ? terms.First"),
    ("arith/sum-inl.h", "hn::Add(lanes_[k], added[k])", "added[k]"),
    ("arith/sum-inl.h", "if constexpr (kInDouble) return", "if constexpr (false) return"),
    ("arith/terms-inl.h", "if (i + kLanes <= count) return terms.One(start + i); return i < count ? partial", "if (i + kLanes < count) return terms.One(start + i); return i < count ? partial"),
    ("arith/terms-inl.h", "if (i + kLanes <= count) return terms.One(start + i); return i < count ? terms.First", "if (i + kLanes < count) return terms.One(start + i); return i < count ? terms.First"),
    ("arith/terms-inl.h", "if (i + kLanes <= count) return terms.One(start + i); return i < count ? partial", "if (i <= count) return terms.One(start + i); return i < count ? partial"),
    ("arith/terms-inl.h", "if (i + kLanes <= count) return terms.One(start + i); return i < count ? terms.First", "if (i <= count) return terms.One(start + i); return i < count ? terms.First"),
    # max-inl.h
    ("arith/max-inl.h", "lanes_[k] = hn::Max(lanes_[k], x)", "lanes_[k] = hn::Min(lanes_[k], x)"),
    ("arith/max-inl.h", "hn::Max(lanes_[2], lanes_[3])", "lanes_[2]"),
    ("arith/max-inl.h", "for (VF& lanes : lanes_) lanes = Set(-kInfinity);", "for (VF& lanes : lanes_) lanes = Set(0.0f);"),
    ("arith/max-inl.h", "(lanes.AddFirst(v), ...);", ""),
    ("arith/max-inl.h", "const VF v = LoadFirst(x + i, count, Set(-kInfinity));", "const VF v = LoadFirst(x + i, count, Set(0.0f));"),
    ("arith/max-inl.h", "Add(2, x.c);\n    Add(3, x.d);\n  }\n  HWY_INLINE float", "Add(2, x.d);\n    Add(3, x.d);\n  }\n  HWY_INLINE float"),
    ("arith/max-inl.h", "Add(2, x.c);\n    Add(3, x.d);\n  }\n  HWY_INLINE bool", "Add(2, x.d);\n    Add(3, x.d);\n  }\n  HWY_INLINE bool"),
    ("arith/max-inl.h", "hn::And(ordered_[2], ordered_[3])", "ordered_[2]"),
    ("arith/max-inl.h", "hn::Eq(x, x)", "hn::Ge(x, x)"),  # equivalent: see EQUIVALENT
    # RowMax, top-k
    ("kernels/row_passes.cc", "x.cols) + 0.0f", "x.cols)"),
    ("kernels/row_passes.cc", "MaxOf<LaneNaN>", "MaxOf<IgnoreNaN>"),
    ("kernels/row_passes.cc", "x += stride;", "x += n;"),
    ("kernels/row_passes.cc", "Set(0.0f)), to, rows)", "Set(0.0f)), to, kLanes)"),
    ("kernels/row_passes.cc", "MaxRowByRow(x.Slice(r, count), to + r);", ""),
    ("kernels/row_passes.cc", "add(Load(x + n - kLanes));", ""),
    ("reduce.cc", "least == INT32_MIN ? 0 : least", "least"),
    ("reduce.cc", "most > kMinusInfinity", "false"),
    ("reduce.cc", "(bits >= 0 &&", "(false &&"),
    ("kernels/row_passes.cc", "MaxOf4s<NaN4s>", "MaxOf4s<IgnoreNaN4s>"),
    ("arith/sse2-inl.h", "nan.Add(y, z);", ""),
    ("arith/sse2-inl.h", "b = _mm_max_ps(b, v);\n    nan.Add(v, v);", "b = _mm_max_ps(b, v);"),
    ("kernels/topk.cc", "stays = hn::Ge(value, new_value)", "stays = hn::Gt(value, new_value)"),
    ("kernels/topk.cc", "!(values_[i - 1] >= x)", "!(values_[i - 1] > x)"),
    ("kernels/topk.cc", "is_full ? i + kGroup : n;", "is_full ? i + kGroup - kCompared : n;"),
    ("kernels/topk.cc", "for (; first < end; ++first) {", "for (; first + 1 < end; ++first) {"),
    # exp_sums.cc
    ("kernels/exp_sums.cc", "Store(hn::IfThenElse(is_hole, Set(-kInfinity), Load(at)), at);", ""),
    ("kernels/sse2_rows.cc", "WithoutLane(_mm_loadu_ps(with_hole), (hole - i) % 4)", "_mm_loadu_ps(with_hole)"),
    ("kernels/exp_sums.cc", "if (hole - full < count) {", "if (false) {"),
    ("kernels/exp_sums.cc", "from = copy; end", "end"),
    ("kernels/exp_sums.cc", "k - with_hole < kSumBlock ? in_copy : row", "row"),
    ("kernels/exp_sums.cc", "LoadFirst(x + i, count, Set(-kInfinity))", "LoadFirst(x + i, count, Set(0.0f))"),
    ("softmax_topk.cc", "empty_row == EmptyRow::kZero && ", ""),
    ("softmax_topk.cc", "return i == n;", "return true;"),
    # plan.h, probability-inl.h
    ("arith/plan.h", "kHeadroom = 4.0", "kHeadroom = 3.0"),
    ("arith/plan.h", "kHeadroom = 4.0", "kHeadroom = 0.0"),
    ("arith/plan.h", "kDirectLimit = 4096.0", "kDirectLimit = 4e6"),
    ("arith/plan.h", "kDirectLimit = 4096.0", "kDirectLimit = 16.0"),
    ("arith/plan.h", "kLowestOctaves = -125.75f", "kLowestOctaves = -140.75f"),
    ("arith/plan.h", "kLowestOctaves = -125.75f", "kLowestOctaves = -110.75f"),
    ("arith/plan.h", "0x1.00001p-126", "0x1.00001p-120"),
    ("arith/plan.h", "0x1.00001p-126", "0x1.00001p-130"),
    ("arith/plan.h", "0x1p-60f <= scale && scale < 0x1p61f", "scale < 0x1p61f"),
    ("arith/plan.h", "plan.shift = is_near ? 0.0 : max;", "plan.shift = max;"),
    ("arith/plan.h", "plan.shift = is_near ? 0.0 : max;", "plan.shift = 0.0;"),
    ("arith/plan.h", "is_near ? 0.0 : plan.scaled_max;", "0.0;"),
    ("arith/plan.h", "plan.is_far = !(is_near && parts.is_usual);", "plan.is_far = !is_near;"),
    ("arith/plan.h", "&& parts.scale * max >= kBlockLimit - kDirectLimit", ""),
    ("arith/probability-inl.h", "_mm512_maskz_mul_ps(keep, e.raw, rest.raw)", "_mm512_setzero_ps()"),
    ("arith/probability-inl.h", "Fma(kept, rest, Set(0.0f))", "hn::Mul(kept, rest)"),
    ("arith/probability-inl.h", "hn::Lt(e, least)", "hn::Le(e, least)"),  # equivalent
    ("arith/row_exp-inl.h", "sum == exp_of_max ? plan.scaled_max", "false ? plan.scaled_max"),
    ("arith/plan.h", "exponent < -1022.0", "false"),
    # exponent_range.h, lane_range-inl.h, exp_rows-inl.h: a prediction instead of the maximum
    ("arith/vector-inl.h", "hn::IfThenZeroElse(hn::Lt(x, lowest), Fnma(a, b, c))", "Fnma(a, b, c)"),
    ("arith/vector-inl.h", "_mm512_maskz_fnmadd_ps(keep, a.raw, b.raw, c.raw)", "_mm512_fnmadd_ps(a.raw, b.raw, c.raw)"),
    ("arith/exponent_range.h", "kMaskedOctaves = -170", "kMaskedOctaves = -110"),
    ("arith/lane_range-inl.h", "8 * internal::kRange - 1;", "16 * internal::kRange - 1;"),
    ("arith/exponent_range.h", "kMaxPredicted = 3900.0f", "kMaxPredicted = 39000.0f"),
    ("arith/lane_range-inl.h", "Add(eighths.d);", "Add(eighths.c);"),
    ("arith/lane_range-inl.h", "AddUnlessLess(eighths.d, x.d, lowest);", "AddUnlessLess(eighths.c, x.c, lowest);"),
    ("arith/lane_range-inl.h", "outside_.raw, keep, _mm512_castps", "outside_.raw, 0xFF, _mm512_castps"),
    ("arith/exponent_range.h", "octaves - static_cast<float>(kHeadroom)", "octaves"),
    ("arith/exponent_range.h", "return x < range.lowest || (", "return x < 0.0f || ("),
    ("arith/exponent_range.h", "1 - kRange <= rise && rise <= -1", "rise <= -1"),
    ("arith/exponent_range.h", "1 - kRange <= rise && rise <= -1", "1 - kRange <= rise"),
    ("kernels/range_terms-inl.h", "if constexpr (kNeedsMax) max.Add(x); return x;", "return x;"),
    ("arith/lane_range-inl.h", "lanes.AddUnlessLess(eighths, x, exp.LowestArgument());", ""),
    ("arith/lane_range-inl.h", "lanes.Add(eighths);", ""),
    ("kernels/range_terms-inl.h", "if constexpr (kNeedsMax) max.Add(x); return ExpInRange", "return ExpInRange"),
    ("kernels/range_terms-inl.h", "return KeepFirst(result, count);", "return result;"),
    ("kernels/pending_terms-inl.h", "StoreFour(result, to + i, 16);", "StoreFour(result, to, 16);"),
    ("kernels/pending_terms-inl.h", ": Store(result, to + i);", ": void();"),
    ("kernels/pending_terms-inl.h", "StoreFirst(last_step(pending), to + i, count);", ""),
    ("kernels/exp_rows-inl.h", "HWY_MIN(full, job.pending_n / kSumBlock * kSumBlock)", "job.pending_n / kSumBlock * kSumBlock"),
    ("kernels/exp_rows-inl.h", "AddBlocksOf(true, i, end, terms, sum);", ""),
    ("kernels/plain_passes.cc", "AddFastLast(0, count, dividing, folded);", ""),
    ("kernels/pending_terms-inl.h", "terms.Write(i, term);", ""),
    ("kernels/pending_terms-inl.h", "Store(result.b, to + i + 16);", ""),
    ("arith/lane_range-inl.h", "Add(const Two& eighths) { Add(eighths.a); Add(eighths.b);", "Add(const Two& eighths) { Add(eighths.a);"),
    ("arith/lane_range-inl.h", "AddUnlessLess(eighths.b, x.b, lowest); } HWY_INLINE void AddUnlessLess(const Four&", "} HWY_INLINE void AddUnlessLess(const Four&"),
    # sum_rows-inl.h
    ("kernels/pending_terms-inl.h", "StoreFour(result, to + i, 16);", ""),
    ("kernels/pending_terms-inl.h", "is_streamed ? StreamOne(result, to + i) : Store(result, to + i);", ""),
    ("kernels/range_terms-inl.h", "StoreFour(exps, e + i, 16);", ""),
    ("kernels/sum_rows-inl.h", "AddBlocks<true>(i, end, subtracting", "AddBlocks<false>(i, end, subtracting"),
    ("kernels/sum_rows-inl.h", "AddFastLast<true>(full, n, subtracting", "AddFastLast<false>(full, n, subtracting"),
    # stages-inl.h
    ("kernels/stages-inl.h", "upper = BeginStage(terms.Exp(), next.c, next.d); terms.Write(start + kSumBlock / 2, second);", "upper = BeginStage(terms.Exp(), next.c, next.d);"),
    ("kernels/stages-inl.h", "lower = BeginStage(terms.Exp(), next.a, next.b); terms", "terms"),
    ("kernels/stages-inl.h", "upper = BeginStage(terms.Exp(), next.c, next.d); terms", "upper = BeginStage(terms.Exp(), next.d, next.c); terms"),
    ("kernels/stages-inl.h", "const Two second = terms.End(upper); terms.Write(start, first); terms.Write(start + kSumBlock / 2, second);", "const Two second = terms.End(upper); terms.Write(start, first);"),
    ("kernels/stages-inl.h", "if (i != n) terms.First(i, n - i);", ""),
    ("kernels/stages-inl.h", "WriteLast(full, n, terms);", ""),
    # short_rows.cc, softmax_batches.cc, exp_batch-inl.h, softmax_rows.cc
    ("kernels/short_rows.cc", "hn::And(hn::Ge(sum, hn::Set(d, least)), hn::Le(sum, hn::Set(d, most)))", "hn::Le(sum, hn::Set(d, most))"),
    ("kernels/short_rows.cc", "hn::And(hn::Ge(sum, hn::Set(d, least)), hn::Le(sum, hn::Set(d, most)))", "hn::Ge(sum, hn::Set(d, least))"),
    ("kernels/short_rows.cc", "const VD sum = hn::Load(d, batch.sums + r); have", "const VD sum = hn::Load(d, batch.sums); have"),
    ("kernels/short_rows.cc", "batch.are_enough = hn::AllTrue(d, are_enough);", "batch.are_enough = true;"),
    ("arith/exponent_range.h", "static_cast<double>(n) * kMinPeak", "0.0"),
    ("schedules/softmax_batches.cc", "if (!exp_batch(call_.source, rows_, params_)) return Failed();", "exp_batch(call_.source, rows_, params_);"),
    ("schedules/softmax_batches.cc", "if (before != nullptr) kernels_.write(*before); before = nullptr;", "before = nullptr;"),
    ("schedules/batch_others.cc", "far_rows_(call_, target_, r + k, 1);", ""),
    ("schedules/batch_others.cc", "TakeRow(batch, k, batch.n);", ""),
    ("schedules/batch_others.cc", "if (batch.max[k] == -kInfinity) continue;", ""),
    ("schedules/batch_others.cc", "if (batch.sums[k] != batch.sums[k]) EndNaN(batch, r, k);", ""),
    ("schedules/softmax_batches.cc", "if (has_zeros && !others_.FindZeros(batch)) return Failed();", ""),
    ("schedules/batch_others.cc", "are_zero &= (sum == 0.0) | (sum >= least);", ""),
    ("schedules/batch_others.cc", "count_ += sum < least ? 1 : 0;", "count_ = 1;"),
    ("schedules/batch_others.cc", "call_.Sink(r + k) == -kInfinity &&", ""),
    ("schedules/softmax_batches.cc", "if (has_zeros) others_.EndZeros(batch, r);", ""),
    ("schedules/batch_others.cc", "call_.row.max(z, n) == -kInfinity;", "true;"),
    ("schedules/other_rows.cc", "(bits & 0x7FFFFFFF) > most", "bits > most"),
    ("schedules/batch_others.cc", "batch.max[k] == -kInfinity && batch.sums[k] == 0.0", "batch.max[k] == -kInfinity"),
    ("schedules/batch_others.cc", "batch.head[k] = 1.0f;", ""),
    ("schedules/batch_others.cc", "batch.rest[k] = batch.least[k] = 0.0f;", ""),
    ("schedules/batch_others.cc", "batch.head[k] = batch.rest[k] = EmptyValue(call_.empty_row, false);", ""),
    ("schedules/softmax_batches.cc", "by_maximum_(call_, target_, r, count);", "by_maximum_(call_, target_, r, rows);"),
    ("schedules/batch_others.cc", "if (batch.are_numbers) return;", "return;"),
    ("kernels/exp_batch-inl.h", "all.LogitsAt(from, first + r, 0)", "all.LogitsAt(from, first, 0)"),
    ("kernels/exp_batch-inl.h", "rows.first + r, 0); float*", "rows.first, 0); float*"),
    ("attention_softmax.cc", "(!has_bias || options.bias.stride == scores.cols) &&", ""),
    ("attention_softmax.cc", "&& (options.keep.data == nullptr || options.keep.stride == scores.cols)", ""),
    ("attention_softmax.cc", "scores.stride == scores.cols &&", ""),
    ("schedules/softmax_batches.cc", "before == &two[0] ? two[1] : two[0]", "two[0]"),
    ("schedules/planner.cc", "return shape.is_aligned || shape.cols >= kMinUnalignedCols;", "return true;"),
    ("schedules/planner.cc", "return shape.is_aligned || shape.cols >= kMinUnalignedCols;", "return shape.is_aligned;"),
    ("schedules/softmax_call.h", "reinterpret_cast<uintptr_t>(y.data) % 64 == 0 && y.stride", "y.stride"),
    ("schedules/softmax_call.h", "y.stride % 16 == 0 && y.cols % 16 == 0", "y.cols % 16 == 0"),
    ("schedules/softmax_call.h", "y.stride % 16 == 0 && y.cols % 16 == 0", "y.stride % 16 == 0"),
    ("schedules/softmax_batches.cc", "batch.writing = batch.have_no_tiny ? usual_ : Writing::kTiny;", "batch.writing = usual_;"),
    ("schedules/softmax_batches.cc", "batch.writing = have_no_tiny ? usual_ : Writing::kTiny;", "batch.writing = usual_;"),
    ("kernels/exp_batch-inl.h", "ZeroRest(e, end, n); } } return range.IsInside();", "ZeroRest(e, end, n); } } return true;"),
    ("kernels/exp_batch-inl.h", "max.Total(); } return range.IsInside();", "max.Total(); } return true;"),
    ("kernels/short_rows.cc", "return lanes.IsInside();", "return true;"),
    ("kernels/short_rows.cc", "r < rows_before; ++r", "r + 1 < rows_before; ++r"),
    ("kernels/short_rows.cc", "r < rows; ++r, from", "r + 1 < rows; ++r, from"),
    ("softmax.cc", "call.x.stride == call.x.cols && call.logsumexp == nullptr", "call.logsumexp == nullptr"),
    ("kernels/exp_batch-inl.h", "const VF x = logits.First(i, count); if constexpr (!Source::kAreInMemory) StoreFirst(x, to + i, count); max.Add(x);", "const VF x = logits.First(i, count); if constexpr (!Source::kAreInMemory) StoreFirst(x, to + i, count);"),
    ("kernels/exp_batch-inl.h", "if constexpr (!Source::kAreInMemory) StoreFirst(x, to + i, count);", ""),
    ("kernels/exp_batch-inl.h", "are_direct = FindOffset(maxima, parts, offset) && are_direct;", "are_direct = FindOffset(maxima, parts, offset);"),
    ("kernels/exp_batch-inl.h", "maxima = hn::IfThenElse(hn::Gt(sink, maxima), sink, maxima);", ""),
    ("kernels/exp_batch-inl.h", "LoadFirst(sinks + r, HWY_MIN(kLanes, count - r), maxima)", "LoadFirst(sinks, HWY_MIN(kLanes, count - r), maxima)"),
    ("kernels/exp_batch-inl.h", "ExpOf({rows.offset[r], rows.lowest[r]}, params.parts)", "ExpOf({rows.offset[0], rows.lowest[r]}, params.parts)"),
    ("arith/lane_rows-inl.h", "hn::IfThenElseZero(direct, octaves)", "octaves"),
    ("kernels/short_rows.cc", "stride_before = before.e_stride", "stride_before = batch.e_stride"),
    ("kernels/exp_rows-inl.h", "DivideRest(*job.pending_sum, job.pending + divided, job.probs + divided, job.pending_n - divided, job.is_streamed);", ""),
    ("arith/terms-inl.h", "for (; n - start - i >= kLanes; i += kLanes)", "for (; n - start - i > kLanes; i += kLanes)"),
    ("arith/terms-inl.h", "Store(terms.First(start + i, count), block + i);", "Store(Set(0.0f), block + i);"),
    ("arith/exponent_range.h", "kMinPeak = 0x1p3", "kMinPeak = 0x1p-90"),
    ("arith/exponent_range.h", "return !(sum <= kMaxSumWithoutTiny);", "return !(sum == sum);"),
    ("schedules/softmax_rows.cc", "MayHaveTiny(results_[k].sum)", "MayHaveTiny(results_[k].row_sum)"),
    ("schedules/softmax_rows.cc", "if (pending.has_tiny) Divide(pending, {});", ""),
    ("kernels/plain_passes.cc", "HWY_UNLIKELY(!params.is_exact && !IsDone(has_masked, job, result))", "false"),
    ("schedules/row_schedule.h", "&& !is_final", ""),
    ("schedules/prediction.h", "is_usable_ = parts_.is_usual &&", "is_usable_ ="),
    ("schedules/row_schedule.h", "(sink == -kInfinity || IsInRange(sink, range, call_.parts))", "true"),
    ("kernels/plain_passes.cc", "HWY_MAX(result.max, job.sink)", "result.max"),
    ("schedules/row_schedule.cc", "job.sink > row_max ? job.sink : row_max", "row_max"),
    ("kernels/softmax_passes.cc", "MaxOf<IgnoreNaN>(x, n); const float max = sink > row_max ? sink : row_max;", "MaxOf<IgnoreNaN>(x, n); const float max = row_max;"),
    ("kernels/plain_passes.cc", "result.sum += hn::GetLane(exp(Set(job.sink)));", ""),
    ("schedules/row_schedule.cc", "if (!(result.sum == result.sum)) { return Special", "if (false) { return Special"),
    ("schedules/softmax_rows.cc", "for (Pending& pending : pending_) Divide(pending, {});", "Divide(pending_[0], {});"),
    ("schedules/row_schedule.h", "row.r % 3 : row.r % 2", "row.r % 2 : row.r % 2"),
    ("schedules/row_schedule.h", "row.r % 3 : row.r % 2", "row.r % 3 : 0"),
    ("schedules/row_schedule.h", "scratch_ == nullptr || row.n > kMaxScratchCols", "scratch_ == nullptr"),
    ("kernels/uniform_rows-inl.h", "next == row || EndsCall(row_sum, row_sum)", "next == row"),
    ("kernels/softmax_passes.cc", "if (has_tiny) {", "if (false) {"),
    ("schedules/softmax_rows.cc", "MayHaveTiny(results_[k].sum)", "false"),
    ("kernels/stages-inl.h", "is_last ? next_logits.FourOf(0) : terms", "is_last ? terms.X(0) : terms"),
    ("kernels/plain_passes.cc", "AddShortLast(0, count, terms, folded);", ""),
    ("kernels/plain_passes.cc", "has_masked ? LowestOfLast(job, params) : -kInfinity", "LowestOfLast(job, params)"),
    ("kernels/exp_rows-inl.h", "result.max = HWY_MAX(result.max, last.max);", ""),
    ("kernels/exp_last-inl.h", "if (i != n) Store(logits.First(i, n - i), block + (i - full));", ""),
    ("kernels/short_rows.cc", "batch.have_no_tiny = hn::AllTrue(d, have_no_tiny);", "batch.have_no_tiny = true;"),
    ("arith/vector-inl.h", "rest = _mm256_extractf128_ps(v.raw, 1);", ""),
    ("arith/vector-inl.h", "rest = _mm_movehl_ps(rest, rest);", ""),
    ("arith/vector-inl.h", "if (count & 1) _mm_store_ss(to, rest);", ""),
    ("kernels/uniform_rows-inl.h", "if (kHasLast && !kHasOwnLast && n != full) {", "if (false) {"),
    ("kernels/exp_last-inl.h", "return result.in_range && is_enough;", "return is_enough;"),
    ("kernels/exp_last-inl.h", "return result.in_range && is_enough;", "return result.in_range;"),
    ("kernels/uniform_rows-inl.h", "row + 1 == end_row ? row : row + 1", "row + 1"),
    ("kernels/uniform_rows-inl.h", "next == row ? x : x + rows.stride", "x"),
    ("kernels/uniform_rows-inl.h", "at + step == end ? begin : at + step", "at + step"),
    ("kernels/uniform_rows-inl.h", ": rows.places == nullptr ? probs : place.Next();", ": probs;"),
    ("kernels/uniform_rows-inl.h", "if (!kHasMasked && !is_pending) {", "if (!kHasMasked) {"),
    ("kernels/uniform_rows-inl.h", "is_pending ? rows.Probs(row - rows.distance) : place.at", "rows.Probs(row - (is_pending ? rows.distance : 0))"),
    ("kernels/softmax_kernels.h", "r % (distance + 1) * places_step", "0"),
    ("kernels/uniform_rows-inl.h", "(kHasMasked && !(row_sum >= least))", "false"),
    ("kernels/uniform_rows-inl.h", "if (!in_range ||", "if (false ||"),
    ("schedules/uniform_rows.cc", "if (tried > pending + distance) pending = tried - distance;", ""),
    ("schedules/uniform_rows.cc", "has_tiny = MayHaveTiny(sum);", ""),
    ("schedules/uniform_rows.cc", "done.has_failed || has_tiny || next == end", "has_tiny || next == end"),
    ("schedules/uniform_rows.cc", "sample.has_masked ? 1 : 0", "0"),
    ("schedules/softmax_rows.cc", "&& KeepsLogits(plan, scratch)", ""),
    ("schedules/planner.cc", "!is_streamed && !shape.has_logsumexp &&", "!is_streamed &&"),
    ("schedules/planner.cc", "!shape.has_ranges && !shape.has_sinks &&", "!shape.has_sinks &&"),
    ("schedules/planner.cc", "!shape.has_ranges && !shape.has_sinks &&", "!shape.has_ranges &&"),
    ("schedules/softmax_call.h", "empty_row != EmptyRow::kZero", "empty_row == EmptyRow::kZero"),
    ("arith/max-inl.h", "-kInfinity < v && v < kInfinity", "v < kInfinity"),
    ("arith/plan.h", "0x1.8p52) - 0x1.8p52", "0x1.8p50) - 0x1.8p50"),
    ("kernels/row_passes.cc", "return MaxOf<LaneNaN>(x, n);", "return MaxOf<IgnoreNaN>(x, n);"),
    ("schedules/softmax_call.h", "if (result.sum == result.sum) return; const float special = Write", "return; const float special = Write"),
    # tiles.cc and its parts
    ("kernels/tiles.h", "if (i + 1 < count) {", "if (i < count) {"),
    ("arith/lane_rows-inl.h", "return hn::AllTrue(F32(), direct);", "return true;"),
    ("arith/lane_sums-inl.h", "j < left ? last : none", "last"),
    ("arith/lane_sums-inl.h", "j + kSumLanes < left ? last + upper : none", "last + upper"),
    ("kernels/tile_sums-inl.h", "hn::Store(hn::Add(hn::Load(F64(), part), added), F64(), part);", "hn::Store(added, F64(), part);"),
    ("kernels/tile_sums-inl.h", "(n + step - 1) & ~(step - 1)", "kSumLanes"),
    ("kernels/tile_rows-inl.h", "hn::Max(max, hn::Max(MaxOfFour(left), MaxOfFour(right)))", "hn::Max(max, MaxOfFour(left))"),
    ("kernels/tile_rows-inl.h", "max = hn::Max(max, MaxOfFour(columns));", ""),
    ("kernels/tile_rows-inl.h", "pass.FourOf(HWY_MIN(c, n - 4))", "pass.FourOf(c)"),
    ("kernels/tile_rows-inl.h", "for (; n - c >= 8; c += 8)", "for (; n - c >= 4; c += 8)"),
    ("kernels/tile_sums-inl.h", "for (; n < existing; ++n)", "for (; n + 1 < existing; ++n)"),
    # column_tiles.cc and its schedules
    ("schedules/columns.cc", "const bool is_empty = tile.sums[c] == 0.0;", "const bool is_empty = true;"),
    ("schedules/columns.cc", "if (!IsDirect(column_max, parts)) has_far = true;", ""),
    ("schedules/columns.cc", "for (size_t k = 0; k < num_special; ++k) max[special[k]] = 0.0f;", ""),
    ("kernels/far_rows.cc", "hn::AllTrue(F32(), hn::Le(hn::Abs(Load(maxima + i)), limit))", "!hn::AllFalse(F32(), hn::Le(hn::Abs(Load(maxima + i)), limit))"),
    ("schedules/softmax_columns.cc", "if (!blocks.AreReadTwice()) blocks.SetSums(block);", "blocks.SetSums(block);"),
    ("schedules/softmax_columns.cc", "if (blocks.AreReadTwice()) return;", ""),
    ("schedules/softmax_columns.cc", "!blocks.AreReadTwice() && at.cols == tile_.width", "at.cols == tile_.width"),
    ("schedules/softmax_columns.cc", "!blocks.AreReadTwice() && at.cols == tile_.width", "!blocks.AreReadTwice()"),
    ("schedules/column_blocks.cc", "is_last && BlocksOf(n_) > kBatch", "false"),
    ("kernels/column_vectors-inl.h", "if (rest != 0) copy(values + rest, width, n, to + rest, stride);", ""),
    ("schedules/softmax_columns.cc", "if (blocks.AreReadTwice()) {", "if (false) {"),
    ("schedules/column_blocks.h", "BlocksOf(n) * width <= kMaxOffsets", "BlocksOf(n) * width <= ~size_t{0}"),
    ("schedules/column_blocks.cc", "if (max > max_[c]) max_[c] = max;", "max_[c] = max;"),
    ("schedules/column_blocks.cc", "may_have |= max - max == 0.0f && !HasNoFarBlock(max, parts_);", ""),
    ("schedules/column_blocks.cc", "plans.has_far ? PlanColumn(tile_.max[c], parts_).offset : static_cast<double>(offsets[c]);", "offsets[c];"),
    ("schedules/column_blocks.cc", "if (fall > kMaxUnitFall) {", "if (false) {"),
    ("schedules/column_blocks.cc", "factors_[c] = static_cast<float>(PowerOfTwo(-fall));", ""),
    ("schedules/column_blocks.cc", "has_factors_ = true; fall = 0.0;", "has_factors_ = true;"),
    ("schedules/column_blocks.cc", "*part = 0.0;", ""),
    ("schedules/column_blocks.cc", "block == 0 || offset > batch_offset_[c] + kFar", "block == 0"),
    ("schedules/column_blocks.cc", "for (size_t b = 0; b < block; ++b) batch[b] = 0.0;", ""),
    ("schedules/column_blocks.cc", "block + 1 == kBatch ||", ""),
    ("schedules/column_blocks.cc", "plans.SetMaxima(tile_, parts_);", ""),
    ("schedules/column_blocks.cc", "RestoreMaxima(); if (are_read_twice_) { decide", "if (are_read_twice_) { decide"),
    ("schedules/column_blocks.cc", "sums_[c] * PowerOfTwo(int64_t{falls[c]})", "sums_[c]"),
    ("schedules/column_blocks.cc", "if (sum - sum == 0.0) {", "{"),
    ("schedules/columns.cc", "has_far |= !IsDirect(max[c], parts);", ""),
    ("kernels/column_vectors-inl.h", "WritePart(tile + end, width, n, lanes, to + end, stride);", ""),
    ("kernels/column_vectors-inl.h", ": mask_(hn::FirstN(F32(), count)) {", ": mask_(hn::FirstN(F32(), count < kLanes ? count + 1 : count)) {"),
    ("kernels/column_tiles.cc", "if (is_first) {", "if (false) {"),
    ("kernels/column_vectors-inl.h", "one(i == end ? 0 : first, i);", "one(first, i);"),
    # column_logs.cc
    ("schedules/column_logs.cc", "is_infinite ? kInfinity : kNaN;", "kInfinity;"),
    ("schedules/column_logs.cc", "tile.sums[c] == 0.0 ? -kInfinity : infinities_[k];", "infinities_[k];"),
    ("schedules/column_logs.cc", "are_by_column_ ? PlanColumn(tile.max[c], parts_).scaled_shift : 0.0;", "0.0;"),
    ("schedules/column_logs.cc", "static_cast<float>(logs_[c] + shift);", "static_cast<float>(logs_[c]);"),
    ("schedules/column_logs.cc", "sum == peaks[c] ? plan.scaled_max", "false ? plan.scaled_max"),
    ("schedules/column_blocks.cc", "RestoreOffsets(); }", "}"),
    ("schedules/columns.cc", "if ((bits & mask) > infinity) return true;", ""),
    ("schedules/columns.cc", "types_->in == ElementType::kBFloat16 ? 0x7F80 : 0x7C00;", "0x7F80;"),
    ("schedules/columns.h", "body(c * lanes + o, outer + o, inner + c);", "body(c * lanes + o, outer, inner + c);"),
    ("planes_as_rows.h", "*logsumexp.Row(r + k) = logs[k];", "*logsumexp.Row(r + k) = logs[0];"),
    ("planes_as_rows.h", "rows <= 1 || logsumexp.stride == 1", "true"),
    ("planes_as_rows.h", "logsumexp.rows == x.outer && logsumexp.cols == x.inner", "logsumexp.rows == x.outer"),
    ("softmax_axis.cc", "if (logits.axis == 0) { internal::FillMinusInfinity(logsumexp); return Status::kOk; }", "if (logits.axis == 0) return Status::kOk;"),
    ("log_softmax_axis.cc", "if (logits.axis == 0) { internal::FillMinusInfinity(logsumexp); return Status::kOk; }", "if (logits.axis == 0) return Status::kOk;"),
    ("any/any_axis.cc", "if (call.logsumexp != nullptr) FillMinusInfinity(*call.logsumexp);", ""),
    ("any/any_axis.cc", "if (!IsPair(first, second, dx)) return Status::kBadOption;", ""),
    # gradient_columns
    ("kernels/gradient_columns-inl.h", "hn::Add(v, hn::Zero(F64()))", "v"),
    ("kernels/gradient_columns-inl.h", "return k + 4 < n ? sum + InWide(term.Row(k + 4, i)) : sum;", "return sum;"),
    ("kernels/gradient_columns-inl.h", "return k + 8 < n ? sum + InWide(term.Row(k + 8, i)) : sum;", "return sum;"),
    ("kernels/gradient_columns-inl.h", "if (k + 48 < n) second", "if (k + 47 < n) second"),
    ("kernels/gradient_columns-inl.h", "if (k >= n) return InWide(Set(0.0f)); const WideSums sum = FoldedRows", "const WideSums sum = FoldedRows"),
    ("kernels/gradient_columns-inl.h", "return k + 8 < n ? sum + FoldedRows(term, k + 8, n, i) : sum;", "return sum;"),
    ("kernels/gradient_columns-inl.h", "kLanesOf[] = {0, 2, 1, 3};", "kLanesOf[] = {0, 1, 2, 3};"),
    ("kernels/gradient_columns-inl.h", "k += kSumBlock, is_first = false", "k += kSumBlock"),
    ("kernels/gradient_columns-inl.h", "if (is_last && !is_short) EndLanes(cols, factor, sums);", ""),
    ("kernels/gradient_columns-inl.h", "const VF end = has_end ? of(Load(a + last), Load(b + last), Load(last_factors)) : Set(0.0f);", "const VF end = Set(0.0f);"),
    ("kernels/gradient_columns-inl.h", "is_short && n <= kSumLanes", "is_short && n <= kFoldedTerms"),
    ("kernels/gradient_columns-inl.h", "is_short && n <= kFoldedTerms", "is_short && n <= 2 * kFoldedTerms"),
    ("kernels/log_gradient_columns.cc", "hn::Mul(all, Fnma(p, sum, d))", "Fnma(p, sum, d)"),
    ("kernels/log_gradient_columns.cc", "is_last, kOverSoftmaxFactor, sums", "is_last, 1.0, sums"),
    ("schedules/column_gradients.cc", "if (left > cols && left - cols < call.lanes) cols -= call.lanes;", ""),
    ("schedules/column_gradients.cc", "k == 0, k + count == n, sums", "k == 0, true, sums"),
    # narrow_columns.cc
    ("schedules/narrow_columns.cc", "if (o + 1 < at.planes) plane += v.outer_stride;", "if (o < at.planes) plane += v.outer_stride;"),
    ("schedules/narrow_columns.cc", "|| !IsGapless(v) ||", "||"),
    ("schedules/column_gradients.cc", "types == nullptr && IsGapless(b) && IsGapless(dx)", "types == nullptr && IsGapless(b)"),
    ("schedules/column_gradients.cc", "types == nullptr && IsGapless(b) && IsGapless(dx)", "types == nullptr && IsGapless(dx)"),
    ("schedules/softmax_columns.cc", "types == nullptr && IsGapless(y)", "types == nullptr"),
    ("schedules/log_softmax_columns.cc", "(y.data == nullptr || IsGapless(y))", "true"),
    # tiles again
    ("arith/lane_rows-inl.h", "hn::IfThenElse(hn::Eq(sum, top), top_only,", "hn::IfThenElse(hn::Eq(sum, hn::Zero(d)), top_only,"),
    ("kernels/tiles.cc", "hn::IfThenElse(hn::Eq(sum, sum), log, sum)", "log"),
    ("kernels/tiles.cc", "hn::IfThenElse(is_one, top_only, hn::Load(d, logs + i))", "hn::Load(d, logs + i)"),
    ("kernels/tiles.cc", "InDouble(tops + (i - first))", "InDouble(tops)"),
    ("kernels/tiles.cc", "row + (count - 1) * stride", "row + count * stride"),
    ("kernels/tiles.cc", "hn::Set(d, bit * stride)", "hn::Set(d, stride)"),
    ("kernels/batch_rows-inl.h", "Write(HWY_MIN(i + 3 * kLanes, end));", "Write(i + 3 * kLanes);"),
    ("kernels/batch_rows-inl.h", "k < Shape::kVectors; ++k) Write", "k + 1 < Shape::kVectors; ++k) Write"),
    ("attention_run.cc", "sample.has_masked |= traits.has_masked;", ""),
    ("kernels/log_tiles.cc", "hn::DemoteTo(half, low)", "hn::Zero(half)"),
    ("kernels/tile_sums-inl.h", "k < n; k += kSumBlock, terms", "k + 1 < n; k += kSumBlock, terms"),
    ("kernels/tile_sums-inl.h", "for (size_t k = kSumBlock; k < n; k += kSumBlock)", "for (size_t k = kSumBlock; k + 1 < n; k += kSumBlock)"),
    ("arith/lane_rows-inl.h", "ToFloats(lower_head, upper_head)", "ToFloats(lower_head, lower_head)"),
    ("schedules/row_tiles.cc", "x.cols > 2 ? from[2] : -kInfinity", "from[2]"),
    ("schedules/row_tiles.cc", "to[3] = -kInfinity;", "to[3] = 0.0f;"),
    ("schedules/row_tiles.cc", "if (y.cols > 2) to[2] = from[2];", ""),
    ("schedules/row_tiles.cc", "if (y.cols > 2) to[2] = from[2];", "to[2] = from[2];"),
    ("schedules/row_tiles.cc", "if (i + 1 < count) to += y.stride;", "to += y.cols;"),
    ("schedules/row_tiles.cc", "if (IsFiniteMax(tile.max[i])) rows.to[i] = nowhere_;", ""),
    ("schedules/row_tiles.cc", "tile.head[i] = tile.rest[i] = EmptyValue(call.empty_row, false)", "tile.head[i] = tile.rest[i] = 0.0f"),
    ("schedules/row_tiles.cc", "if (tile.sums[i] == 0.0) logs[i] = EmptyValue(call.empty_row, false);", ""),
    ("schedules/log_softmax_tiles.cc", "if (others.IsFar(rows, k)) continue;", ""),
    ("schedules/row_tiles.cc", "tile.head[i] = tile.rest[i] = EmptyValue(call.empty_row, false)", "tile.head[i] = tile.rest[i] = kNaN"),
    ("schedules/row_tiles.cc", "call.logsumexp[rows.first + i] = call.row.max_or_nan(rows.from[i], cols);", ""),
    ("schedules/row_tiles.cc", "lanes_[k] < rows.count; ++k) { const size_t i = lanes_[k]; call", "true; ++k) { const size_t i = lanes_[k]; call"),
    ("schedules/row_tiles.cc", "lanes_[k] < rows.count; ++k) { const size_t i = lanes_[k]; if", "false; ++k) { const size_t i = lanes_[k]; if"),
    # half-inl.h and half_passes.cc
    ("arith/half-inl.h", "kFirst = 0x00030001", "kFirst = 0x00020000"),
    ("arith/half-inl.h", "0xAAAAAAAA", "0xFFFFFFFF"),
    ("arith/half-inl.h", "_mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))", "_mm256_set1_epi32(0x8000)"),
    ("arith/half-inl.h", "_mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))", "_mm256_setzero_si256()"),
    ("arith/half-inl.h", "_mm256_cmp_ps(v, v, _CMP_UNORD_Q)", "_mm256_setzero_ps()"),
    ("arith/half-inl.h", "_mm256_or_si256(_mm256_castps_si256(v), _mm256_set1_epi32(0x400000))", "_mm256_castps_si256(v)"),
    ("arith/half-inl.h", "_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)", "_mm256_cvtps_ph(v, _MM_FROUND_CUR_DIRECTION)"),
    ("arith/half-inl.h", "_mm256_cvtps_ph(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)", "_mm256_cvtps_ph(v, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC)"),
    ("arith/half-inl.h", "_MM_SHUFFLE(3, 1, 2, 0)", "_MM_SHUFFLE(3, 2, 1, 0)"),
    ("arith/half-inl.h", "_mm256_extracti128_si256(halves, 1)", "_mm256_extracti128_si256(halves, 0)"),
    ("arith/sse2_half-inl.h", "_mm_and_si128(is_special, bias)", "_mm_setzero_si128()"),
    ("arith/sse2_half-inl.h", "_mm_set1_epi16(0x7BFF)", "_mm_set1_epi16(0x7C00)"),
    ("arith/sse2_half-inl.h", "_mm_cmpgt_epi16(_mm_set1_epi16(0x400), magnitude)", "_mm_cmpgt_epi16(_mm_set1_epi16(0x3FF), magnitude)"),
    ("arith/sse2_half-inl.h", "_mm_set1_epi16(1 << 7)", "_mm_setzero_si128()"),
    ("arith/sse2_half-inl.h", "_mm_or_ps(UpperFour(sign, zero), _mm_sub_ps(UpperFour(upper, lower), UpperFour(excess, zero)))", "_mm_sub_ps(UpperFour(upper, lower), UpperFour(excess, zero))"),
    ("arith/sse2_half-inl.h", "_mm_srai_epi32(Choose(is_nan, quiet, rounded), 16)", "_mm_srai_epi32(rounded, 16)"),
    ("arith/sse2_half-inl.h", "_mm_cmplt_epi32(bits, _mm_set1_epi32(113 << 23))", "_mm_cmplt_epi32(bits, _mm_set1_epi32(112 << 23))"),
    ("arith/sse2_half-inl.h", "_mm_set1_epi32(0x200)", "_mm_setzero_si128()"),
    ("arith/sse2_half-inl.h", "_mm_set1_epi32(0xFFF - (112 << 23))", "_mm_set1_epi32(0x1000 - (112 << 23))"),
    ("arith/sse2_half-inl.h", "_mm_min_ps(any, _mm_set1_ps(0x1p16f))", "any"),
    ("arith/sse2_half-inl.h", "_mm_set1_ps(0.5f)", "_mm_set1_ps(0.25f)"),
    ("arith/sse2_half-inl.h", "_mm_srli_epi32(is_nan, 22)", "_mm_setzero_si128()"),
    ("kernels/half_passes.cc", "HWY_MIN(i, n - kHalfStep)", "i"),
    ("kernels/half_passes.cc", "n - i >= 2 * kHalfStep;", "n - i > kHalfStep;"),
    ("kernels/half_passes.cc", "from += 4, to += 4;", ""),
    ("kernels/half_passes.cc", "from += 2, to += 2;", "from += 2;"),
    ("kernels/half_passes.cc", "CopyFew(from, in, count);", "std::memcpy(in, from, sizeof(in));"),
    ("kernels/half_passes.cc", "CopyFew(out, few, count);", "std::memcpy(few, out, sizeof(out));"),
    # few_rows-inl.h and its callers
    ("kernels/few_rows-inl.h", "if (HasTwo()) v = hn::Max(v, hn::Shuffle2301(v));", ""),
    ("kernels/few_rows-inl.h", "for (VD& v : t) v = hn::Add(v, hn::Shuffle01(v));", ""),
    ("kernels/few_rows-inl.h", "hn::Add(hn::Add(t[0], t[4]), hn::Add(t[2], t[6]))", "hn::Add(hn::Add(t[0], t[4]), hn::Add(t[1], t[5]))"),
    ("kernels/few_rows-inl.h", "if (count > 2) StoreFirst(v.c, to + PlaceOf(2, stride), SizeOf(2));", ""),
    ("kernels/few_rows-inl.h", "hn::IfThenElse(hn::Eq(sum, top), top_only, log_sum)", "log_sum"),
    ("kernels/few_rows-inl.h", "lanes[HasTwo() ? 2 : 1]", "lanes[1]"),
    ("kernels/log_passes.cc", "if (HWY_UNLIKELY(!few.Exp())) return false;", "few.Exp();"),
    ("kernels/log_passes.cc", "if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(sum, sum)))) return false;", ""),
    ("kernels/log_passes.cc", "hn::DemoteTo(half, hn::Add(log, hn::Zero(d)))", "hn::DemoteTo(half, log)"),
    ("kernels/cross_entropy_few-inl.h", "labels[0] - 8, labels[1], labels[1] - 8", "labels[0], labels[1], labels[1]"),
    ("kernels/cross_entropy_few-inl.h", "hn::Le(hn::Abs(factor), hn::Set(d, kMaxFactor))", "hn::Eq(factor, factor)"),
    ("schedules/few_losses.cc", "static_cast<float>(total / divisor)", "static_cast<float>(total)"),
    ("cross_entropy.cc", "if (!IsFinite(options.upstream) || options", "if (options"),
    ("cross_entropy.cc", "BitsOf(options.upstream) >> 31 != 0 ? -0.0f : 0.0f", "0.0f"),
    ("cross_entropy.cc", "loss.Meets(in) || loss.Meets(of_labels)", "loss.Meets(in)"),
    # short_rows.cc, fold_rows-inl.h
    ("kernels/batch_rows-inl.h", "j + 1 == k16s ? row_end.Keep(v, count) : v", "v"),
    ("kernels/batch_rows-inl.h", "(n - 1) % 16 + 1", "16"),
    ("arith/sum-inl.h", "sum = hn::Add(sum, second);", "sum = hn::Add(second, vector(0));"),
    ("kernels/batch_rows-inl.h", "HWY_MIN(n - HWY_MIN(k * kLanes, n), kLanes)", "kLanes"),
    ("kernels/batch_rows-inl.h", "if (k < kWhole) return v;", "return v;"),
    ("kernels/batch_rows-inl.h", "HWY_MIN(k * kLanes, count)", "0"),
    ("kernels/batch_rows-inl.h", "const StoredRows<F64> rows{lanes_ + r * kF64Lanes};", "const StoredRows<F64> rows{lanes_};"),
    ("kernels/batch_rows-inl.h", "for (; n > kSumBlock; n -= kSumBlock", "for (; n >= kSumBlock; n -= kSumBlock"),
    ("arith/fold_rows-inl.h", "hn::Shuffle2301(hn::OddEven(a, b))", "hn::OddEven(a, b)"),
    ("arith/fold_rows-inl.h", "CombineShiftRightBytes<8>(d, b, a)", "CombineShiftRightBytes<8>(d, a, b)"),
    ("kernels/batch_rows-inl.h", "Write(HWY_MIN(k, end));", "Write(k);"),
    ("kernels/batch_rows-inl.h", "Write(end); }", "}"),
    ("kernels/batch_rows-inl.h", "Of(KeepFirst(Load(e), n))", "Of(Load(e + 1))"),
    # exp_sums.cc, large_rows.cc, stream-inl.h
    ("kernels/large_rows.cc", "StoreSome(probs, y, 0, range.begin);", ""),
    ("kernels/stream-inl.h", "StoreHead(terms, to, range.begin, line);", ""),
    ("kernels/stream-inl.h", "i < end; i += kLanes", "i + kLanes < end; i += kLanes"),
    ("kernels/stream-inl.h", "StoreTail(terms, to, range.lines_end, n, line);", ""),
    ("kernels/stream-inl.h", "line->to == begin && line->count == skipped", "line->to == begin"),
    ("kernels/stream-inl.h", "line->to == begin && line->count == skipped", "line->count == skipped"),
    ("kernels/stream-inl.h", "line->Close();", ""),
    ("kernels/open_line.h", "i < count", "i + 1 < count"),
    ("schedules/log_softmax_tiles.cc", "line.Close();", ""),
    ("kernels/stream-inl.h", "HWY_MIN((kLine - past) % kLine, n)", "0"),
    ("arith/transpose-inl.h", "to + kHalf, c", "to, c"),
    ("arith/transpose-inl.h", "from[4 * b] + c", "from[4 * b - 1] + c"),
    ("arith/transpose-inl.h", "ScatterBlocks(rows.d, to + 3, c);", ""),
    ("arith/transpose-inl.h", "b = hn::ConcatUpperUpper(F32(), b, a);", "b = hn::ConcatUpperLower(F32(), b, a);"),
    ("arith/transpose-inl.h", "rows[4] + c", "rows[8] + c"),
    ("kernels/softmax_backward_passes.cc", "if (full != n) {", "if (full == 0) {"),
    ("kernels/log_tiles.cc", "k % kSumBlock != 0; ++k", "false; ++k"),
    ("kernels/batch_rows-inl.h", "std::is_same_v<Shape, BlocksShape> ? 4 :", "std::is_same_v<Shape, BlocksShape> ? 3 :"),
    ("kernels/batch_rows-inl.h", "(n - 1) % kSumBlock >= 48", "(n - 1) % kSumBlock >= 32"),
    ("kernels/attention_logits-inl.h", "options.bias_scale == 1.0f ? 1 : 0", "1"),
    # softmax_backward_*: the passes
    ("kernels/softmax_backward_row-inl.h", "-0.5 * dot", "0.5 * dot"),
    ("kernels/softmax_backward_passes.cc", "StoreTerms(pending, to, n, full);", ""),
    ("kernels/softmax_backward_passes.cc", "AddLast(full, n, dots, sum);", ""),
    ("kernels/softmax_backward_passes.cc", "pending.FourOf(start + i, 16)", "pending.FourOf(start + i)"),
    ("kernels/softmax_backward_passes.cc", "dots{p.Row(r + 1), dp.Row(r + 1)}", "dots{p.Row(r), dp.Row(r)}"),
    ("kernels/softmax_backward_group-inl.h", "p.cols > kVectors * kLanes", "p.cols > kVectors * kLanes + 1"),
    ("arith/sum-inl.h", "if (count > 3) second = hn::Add(second, vector(3));", ""),
    ("kernels/softmax_backward_row-inl.h", "Set(0.5f)", "Set(0.25f)"),
    ("kernels/softmax_backward_row-inl.h", "hn::Mul(p, scale)", "p"),
    ("kernels/softmax_backward_row-inl.h", "return hn::Add(product, product);", "return product;"),
    ("kernels/softmax_backward_group-inl.h", "hn::Add(sums, hn::Zero(F64()))", "sums"),
    ("arith/sum-inl.h", "k + kHalf < kCount", "k + kHalf + 1 < kCount"),
    ("kernels/softmax_backward_group-inl.h", "hn::FirstN(d, kLanes / 2), hn::Set(d, 1)", "hn::FirstN(d, kLanes / 2), hn::Set(d, 0)"),
    ("kernels/softmax_backward_group-inl.h", "r % 2 == 0 ? Lower(terms) : Upper(terms)", "Lower(terms)"),
    ("kernels/softmax_backward_group-inl.h", "vector + 1 == kVectors", "vector == kVectors"),
    # log_softmax.cc, log_softmax_backward.cc, jacobian.cc
    ("kernels/log_passes.cc", "SumExpInDouble(x, n, plan, parts)", "SumExpValues(x, n, kNoHole, plan, parts)"),
    ("kernels/softmax_backward_passes.cc", "StoreSome(gradients, row.dx, 0, range.begin);", ""),
    ("softmax_backward.cc", "p.Slice(first, rest), dp.Slice(first, rest)", "p.Slice(0, rest), dp.Slice(first, rest)"),
    ("kernels/attention_backward_passes.cc", "const size_t part = HWY_MIN(row.n - first, kScaledKeys);", "const size_t part = row.n - first;"),
    # the backward passes of the x86-64 baseline
    ("kernels/sse2_backward-inl.h", "return -0x1p-100f < m && m < 0x1p-100f;", "return false;"),
    ("kernels/sse2_backward-inl.h", "return -0x1p-100f < m && m < 0x1p-100f;", "return true;"),
    ("kernels/sse2_backward-inl.h", "return _mm_andnot_ps(_mm_cmpeq_ps(p, _mm_setzero_ps()), v);", "return v;"),
    ("kernels/softmax_backward_passes.cc", "MinusHalf(TotalOf(two) + 0.0)", "MinusHalf(TotalOf(two))"),
    ("kernels/sse2_log_gradients-inl.h", "!(MaxOf4s<NaN4s>(log_p, n) <= kMaxWideLog)", "false"),
    ("kernels/log_softmax_backward_passes.cc", "CopyFilled(from + k * log_p.stride,", "CopyFilled(from + k * n,"),
    ("arith/sse2_sum-inl.h", "if (i != rest_) _mm_store_ps(last_ + i, (terms + i).First(rest_ - i));", ""),
    ("arith/sse2_sum-inl.h", "if (count > 3) upper = AddUp(upper, Widen(load(e + 12)));", ""),
    # log_softmax.cc, log_softmax_backward.cc, softmax_jacobian.cc
    ("kernels/log_passes.cc", "batch.Make(x, x_stride, true)", "batch.Make(x, x_stride, false)"),
    ("schedules/row_tiles.cc", "RunRowByRow(call, rows.first + i, 1);", "RunRowByRow(call, i, 1);"),
    ("schedules/row_tiles.cc", "call.logsumexp[rows.first + i] = call", "call.logsumexp[i] = call"),
    ("schedules/row_tiles.h", "call.logsumexp[rows.first + i]", "call.logsumexp[i]"),
    ("schedules/row_tiles.h", "logs[i] + 0.0", "logs[i]"),
    ("arith/log_probabilities-inl.h", "return MinKeepNaN(Set(0.0f), log);", "return log;"),
    ("arith/log_probabilities-inl.h", "Set(static_cast<float>(log_sum - static_cast<float>(log_sum)))", "Set(0.0f)"),
    ("arith/log_probabilities-inl.h", "parts.scale < 1.0 && is_shifted ? 0.5 : 1.0", "1.0"),
    ("kernels/jacobian.cc", "Fnma(diagonal, diagonal, diagonal)", "hn::Sub(diagonal, hn::Mul(diagonal, diagonal))"),
    ("kernels/log_gradients-inl.h", "sum(Set(static_cast<float>(sum * kOverSoftmaxFactor)))", "sum(Set(static_cast<float>(sum)))"),
    ("kernels/sse2_log_gradients-inl.h", "_mm_set1_ps(static_cast<float>(sum * kOverSoftmaxFactor))", "_mm_set1_ps(static_cast<float>(sum))"),
    ("kernels/log_gradients-inl.h", "hn::Mul(scale, Fnma(p, sum, d))", "Fnma(p, sum, d)"),
    ("kernels/log_gradients-inl.h", "Load(from + i + 2 * kLanes), Load(from + last)", "Load(from + i + 2 * kLanes), Load(from + i + 3 * kLanes)"),
    ("kernels/log_softmax_backward_passes.cc", "part == 0 ? n : last - part", "part == 0 ? n : last"),
    ("kernels/log_softmax_backward_passes.cc", "const VF v = terms.One(i), w = terms.One(last); Store(v, to + i);", "Store(terms.One(i), to + i); const VF w = terms.One(last);"),
    ("kernels/log_softmax_backward_passes.cc", "Store(w, to + last);", ""),
    # cross_entropy
    ("kernels/cross_entropy_lanes-inl.h", "if (logits == e_) *x = hole;", ""),
    ("kernels/cross_entropy_lanes-inl.h", "*Hole(rows, Unknown(i), e_) = 0.0f;", ";"),
    ("kernels/cross_entropy_lanes-inl.h", "if (has_series) result", "if (false) result"),
    ("kernels/cross_entropy_lanes-inl.h", "hn::Add(others, InDouble(label_ + i))", "others"),
    ("kernels/cross_entropy_loss-inl.h", "hn::Gt(label, others)", "hn::Lt(label, others)"),
    ("kernels/cross_entropy_tile-inl.h", "at_.from[i] = counted;", ""),
    ("kernels/cross_entropy_tile-inl.h", "return counted != nullptr;", "return true;"),
    ("kernels/cross_entropy_tile-inl.h", "if (!are_counted && !ReplaceIgnored(rows, counted)) return false;", ""),
    ("kernels/cross_entropy_tile-inl.h", "if (has_gradient) Fill(dx.Row(first + i), x.cols, 0.0f);", ""),
    ("kernels/cross_entropy_tile-inl.h", "losses[i] = 0.0; if", "if"),
    ("kernels/cross_entropy_lanes-inl.h", "upstream_[i] = 0.0; at_.to[i] = of_no_row_;", "upstream_[i] = 0.0;"),
    ("kernels/cross_entropy_tile-inl.h", "if (IsFinite(max)) at_.to[i] = of_no_row_;", ""),
    ("kernels/cross_entropy_lanes-inl.h", "if (IsFar(i)) tile_.sums[i] = 0.0;", ""),
    ("kernels/cross_entropy_tile-inl.h", "if (IsFar(i)) continue;", ""),
    ("kernels/cross_entropy_lanes-inl.h", "hn::Gt(sum, hn::Zero(F64()))", "hn::Eq(sum, sum)"),
    ("kernels/cross_entropy_passes.cc", "|| rows[i].is_ignored) continue;", ") continue;"),
    ("kernels/cross_entropy_tile-inl.h", "rows[HWY_MIN(i, at_.count - 1)].is_ignored", "rows[0].is_ignored"),
    ("kernels/cross_entropy_lanes-inl.h", "if (!(sum > 0.0)) return true;", ""),
    ("kernels/cross_entropy_tile-inl.h", "at_.to[i][rows[i].label] = static_cast<float>(label_gradients_[i]);", ""),
    ("kernels/cross_entropy_loss-inl.h", "kMaxSeries = 0x1p-10", "kMaxSeries = 0x1p-2"),
    ("kernels/cross_entropy_loss-inl.h", "{1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.0, 1.0}", "{1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.1, 1.0}"),
    ("kernels/sse2_cross_entropy-inl.h", "WithoutLane(_mm_load_ps(at), lane)", "_mm_load_ps(at)"),
    ("kernels/cross_entropy_loss-inl.h", "hn::IfThenElse(IsSeries(), LogOnePlusSeries(ratio), loss)", "loss"),
    ("kernels/cross_entropy_lanes-inl.h", "if (!has_logs_ && !hn::AllFalse(d, may_be_one)) {", "if (false) {"),
    ("kernels/cross_entropy_lanes-inl.h", "loss_.options.z_loss != 0.0f || (has_shares", "(has_shares"),
    ("kernels/cross_entropy_lanes-inl.h", "loss.Of(log, usual);", "usual;"),
    ("kernels/cross_entropy_lanes-inl.h", "hn::IfThenElse(hn::Gt(sum, hn::Zero(F64())), v, nan)", "v"),
    ("kernels/sse2_cross_entropy-inl.h", "_mm_cmpgt_pd(label, others)", "_mm_cmplt_pd(label, others)"),
    ("kernels/sse2_cross_entropy-inl.h", "may_be_one_ = _mm_movemask_pd(may_be_one) != 0;", "may_be_one_ = false;"),
    ("kernels/sse2_cross_entropy-inl.h", "if (_mm_movemask_pd(is_small) != 0) {", "if (false) {"),
    ("kernels/sse2_cross_entropy-inl.h", "if (count % 2 != 0) factors.factor[count] = factors.factor[count - 1];", "factors.factor[count] = 0x1p120;"),
    ("schedules/attention_short_rows.cc", "FillRow(y, keys.begin, 0.0f);", ""),
    ("schedules/attention_short_rows.cc", "FillRow(y + keys.end, call.x.cols - keys.end, 0.0f);", ""),
    ("attention_run.cc", "call.kernels.short_rows != nullptr && !has_ranges &&", "call.kernels.short_rows != nullptr &&"),
    ("attention_run.cc", "call.sinks == nullptr && AreShortRows", "AreShortRows"),
    ("schedules/attention_short_rows.cc", "for (; r < end; ++r) RunByItself(call, r, 0, n, y.Row(r), y.Row(r));", "r = end;"),
    ("kernels/sse2_cross_entropy-inl.h", "batch_.Exp(r)[rows_[r].label] = labels_[r];", ""),
    ("kernels/sse2_cross_entropy-inl.h", "_mm_add_pd(others, labels)", "others"),
    ("kernels/sse2_cross_entropy-inl.h", "return _mm_movemask_pd(are_nan) == 0;", "return true;"),
    ("kernels/sse2_cross_entropy-inl.h", "if (_mm_movemask_pd(are_beyond) != 0) return false;", ""),
    ("kernels/sse2_shares-inl.h", "return !is_negative &&", "return"),
    ("kernels/sse2_cross_entropy-inl.h", "_mm_set_pd(second, rows[r].upstream)", "_mm_set1_pd(rows[r].upstream)"),
    ("kernels/sse2_cross_entropy-inl.h", "!is_mixed && options.class_weights == nullptr", "!is_mixed"),
    ("kernels/sse2_cross_entropy-inl.h", "!is_mixed && options.class_weights == nullptr", "options.class_weights == nullptr"),
    ("kernels/sse2_cross_entropy-inl.h", "(has_shares || labels.MayBeOne())", "labels.MayBeOne()"),
    ("kernels/sse2_cross_entropy-inl.h", "options.z_loss != 0.0f || (loss.is_wanted && (has", "(loss.is_wanted && (has"),
    ("kernels/cross_entropy_lanes-inl.h", "(has_shares && loss_.is_wanted)", "false"),
    ("kernels/cross_entropy_kernels.h", "return loss.options.z_loss != 0.0f || (loss", "return (loss"),
    ("schedules/cross_entropy_rows.cc", "else if (HasResults())", "else"),
    ("schedules/cross_entropy_rows.cc", "loss_.is_wanted || (HasGradient() && call_.logits.cols != 0)", "loss_.is_wanted || HasGradient()"),
    ("schedules/cross_entropy_rows.cc", "loss_.is_wanted || (HasGradient() && call_.logits.cols != 0)", "loss_.is_wanted"),
    ("cross_entropy_check.h", "call.dlogits.data == nullptr && call.divisor == nullptr &&", "call.dlogits.data == nullptr &&"),
    ("cross_entropy_check.h", "call.divisor == nullptr && !(per_row && (call.logits.rows == 0 || call.batches->count == 0))", "call.divisor == nullptr"),
    ("cross_entropy.cc", "if (dx.data == nullptr) return call.loss != nullptr;", "if (dx.data == nullptr) return true;"),
    ("cross_entropy_from_states.cc", "part.losses == nullptr && !has_gradient && rows != 0", "false"),
    ("any/loss_state_any.cc", "call.losses == nullptr && !has_gradient && rows != 0", "false"),
    ("any/loss_state_any.cc", "has_gradient ? &none : nullptr", "nullptr"),
    ("kernels/sse2_shares-inl.h", "ties.Any() || (_mm_movemask_ps(are_tiny)", "(_mm_movemask_ps(are_tiny)"),
    ("kernels/sse2_shares-inl.h", "(_mm_movemask_ps(are_tiny) != 0 && are_subnormal())", "false"),
    ("kernels/sse2_shares-inl.h", "targets = _mm_and_ps(_mm_castsi128_ps(some), targets);", ""),
    ("schedules/cross_entropy_rows.cc", "!rows[end].is_ignored", "true"),
    ("schedules/cross_entropy_rows.cc", "!call_.HasLabels() || loss_.smoothing != 0;", "!call_.HasLabels();"),
    ("schedules/cross_entropy_rows.cc", "return loss_.parts.is_usual && (!HasShares()", "return (!HasShares()"),
    ("schedules/cross_entropy_rows.cc", "(!HasShares() || loss_.shares_fit_floats)", "true"),
    ("schedules/cross_entropy_rows.cc", "return HasShares() ? ShareTileWidth(rows, cols, tiles_.lanes)", "return false ? 1"),
    ("kernels/cross_entropy_loss-inl.h", "if (IsLarge(row)) return", "if (false) return"),
    ("kernels/cross_entropy_shares-inl.h", "return {KeepFirst(q, count), kHas", "return {q, kHas"),
    ("kernels/cross_entropy_shares-inl.h", "Fma(x, Set(kLogitUnit), minus_max)", "hn::Mul(hn::Sub(x, Set(max)), Set(kLogitUnit))"),
    ("kernels/cross_entropy_loss-inl.h", "2.0 * options.z_loss * (row", "options.z_loss * (row"),
    ("kernels/cross_entropy_loss-inl.h", "(share_total - shared)", "share_total"),
    ("schedules/cross_entropy_rows.cc", "if (IsMean(call)) upstream_ /= DivisorOf(call, totals_);", ""),
    ("schedules/loss_totals.h", "call.counted == 0 && options.zero_if_all_ignored", "call.counted == 0"),
    ("schedules/cross_entropy_rows.cc", "for (size_t c = 0; HasGradient() && c < x.cols; ++c) dx[c] = 0.0f;", ""),
    ("schedules/cross_entropy_rows.cc", "totals_.divisor = AddWeights(call, 0.0);", ""),
    ("cross_entropy_check.h", "AreBelow(call.logits.cols,", "AreBelow(call.logits.cols + 1,"),
    ("cross_entropy_check.h", "BitsOf(options.label_smoothing) <= BitsOf(1.0f)", "true"),
    ("cross_entropy.cc", "AreUsual(Replaced(x), Read(labels),", "AreUsual(Replaced(x),"),
    ("cross_entropy.cc", "Operand(Replaced(x)), Operand(Read(labels)),", "Operand(Replaced(x)),"),
    ("cross_entropy_check.h", "options.reduction > Reduction::kMean ||", ""),
    ("cross_entropy_check.h", "|| !is_share ||", "||"),
    ("cross_entropy_check.h", "(IsZero(options.label_smoothing) || BitsOf", "(BitsOf"),
    ("cross_entropy_check.h", "!IsFiniteNotNegative(options.z_loss) ||", ""),
    ("cross_entropy_check.h", "!IsFinitePositive(options.scale)", "false"),
    ("cross_entropy_check.h", "return are_good ? Status::kOk : Status::kBadOption;", "return Status::kOk;"),
    ("cross_entropy_check.h", "c < num_weights; ++c", "c + 1 < num_weights; ++c"),
    ("cross_entropy_check.h", "BitsOf(value) >= BitsOf(0x1p-40f)", "true"),
    ("cross_entropy_check.h", "BitsOf(0x1p-40f)", "BitsOf(0x1p-126f)"),
    ("cross_entropy_check.h", "return IsZero(value) || BitsOf", "return BitsOf"),
    ("cross_entropy_check.h", "BitsOf(options.scale) <= BitsOf(0x1p60f) && IsFarFromSubnormal(options.label_smoothing)", "BitsOf(options.scale) <= BitsOf(0x1p60f)"),
    ("cross_entropy_check.h", "are_far &= IsFarFromSubnormal(weight);", ""),
    ("cross_entropy_check.h", "if (!call.HasLabels()) return Status::kOk;", ""),
    ("schedules/labels.h", "if (label == ignored) {", "if (false) {"),
    ("schedules/labels.h", "--counted;", ""),
    ("schedules/labels.h", "r < rows", "r + 1 < rows"),
    ("schedules/labels.h", "label < 0 ||", ""),
    ("cross_entropy_check.h", "call.logits.rows == 0 ? 0 : call.logits.cols", "call.logits.cols"),
    ("cross_entropy.cc", "per_row && has_gradient ? x.rows : 0", "per_row ? x.rows : 0"),
    ("cross_entropy.cc", "per_row && has_gradient ? x.rows : 0", "has_gradient ? x.rows : 0"),
    ("cross_entropy.cc", "call.dlogits.data == nullptr || HaveSameShape(x, call.dlogits)", "true"),
    ("cross_entropy.cc", "call.dlogits.data == nullptr || HaveSame", "HaveSame"),
    ("cross_entropy_check.h", "per_row ? call.logits.rows : 1", "call.logits.rows"),
    ("cross_entropy_check.h", "per_row ? call.logits.rows : 1", "1"),
    ("cross_entropy.cc", "Operand(Optional(WrittenVector(call.divisor, 1))),", ""),
    ("cross_entropy.cc", "Optional(WrittenVector(call.divisor, 1))", "WrittenVector(call.divisor, 1)"),
    ("cross_entropy.cc", "Operand(Optional(ReadVector(options.class_weights, NumWeights(call)))),", ""),
    ("cross_entropy.cc", ": Operand(Replaced(x))", ": Operand(Read(x))"),
    ("cross_entropy.cc", "AreUsual(Replaced(x), Read(labels)", "AreUsual(Replaced(x), Replaced(labels)"),
    ("cross_entropy.cc", "Operand(Read(labels))", "Operand(Replaced(labels))"),
    ("cross_entropy.cc", "internal::HaveSameShape(logits, targets)", "true"),
    ("cross_entropy.cc", "if (Status s = CheckOptions(call); s != Status::kOk) return s; return CheckLabels(call);", "if (Status s = CheckLabels(call); s != Status::kOk) return s; return CheckOptions(call);"),
    ("cross_entropy.cc", "call.divisor != nullptr ||", "false ||"),
    ("cross_entropy.cc", "options.class_weights != nullptr ||", "false ||"),
    ("cross_entropy.cc", "|| options.upstream_rows != nullptr;", ";"),
    ("cross_entropy.cc", "!shapes_agree || has_others ||", "has_others ||"),
    ("kernels/cross_entropy_kernels.h", "target_share_(1.0 - double{options.label_smoothing})", "target_share_(1.0)"),
    ("kernels/cross_entropy_shares.cc", "double share = smoothing_;", "double share = 0.0;"),
    ("kernels/cross_entropy_shares.cc", "share += target_share_", "share = target_share_"),
    ("kernels/cross_entropy_shares.cc", "share * double{weights_[c]}", "share"),
    ("kernels/cross_entropy_shares.cc", "if (targets_ != nullptr) sums.total += double{targets_[c]} * 0.0;", ""),
    ("kernels/cross_entropy_shares.cc", "if (share == 0.0) continue;", ""),
    ("kernels/cross_entropy_shares.cc", "sums.total += share;", ""),
    ("kernels/cross_entropy_shares.cc", "sums.logits += share * (double{x[c]} - double{max});", ""),
    ("kernels/cross_entropy_shares.cc", "(double{x[c]} - double{max})", "double{x[c]}"),
    ("kernels/cross_entropy_shares.cc", "(double{x[c]} - double{max})", "(x[c] - max)"),
    ("kernels/cross_entropy_shares.cc", "ratio * double{dx[c]}", "double{dx[c]}"),
    ("kernels/cross_entropy_shares.cc", "- Of(c)) + 0.0", ") + 0.0"),
    ("kernels/cross_entropy_shares.cc", "- Of(c)) + 0.0", "- Of(c))"),
    ("kernels/cross_entropy_shares-inl.h", "logit.Total() / kLogitUnit", "logit.Total()"),
    ("kernels/cross_entropy_shares-inl.h", "if (!shares.AreEqual()) AddStored(totals, count, total);", ""),
    ("kernels/cross_entropy_shares-inl.h", "fit_floats = sums.AreFinite();", ""),
    ("kernels/cross_entropy_kernels.h", "total - total == 0.0 && logits", "logits"),
    ("kernels/cross_entropy_kernels.h", "&& logits - logits == 0.0;", ";"),
    ("kernels/cross_entropy_tile_shares-inl.h", "hn::Add(hn::Load(d, tile.sums + i), hn::Zero(d))", "hn::Load(d, tile.sums + i)"),
    ("kernels/cross_entropy_tile_shares-inl.h", "if (HWY_UNLIKELY(c >= n)) {", "if (false) {"),
    ("kernels/cross_entropy_tile_shares-inl.h", "hn::Mul(Load(tile.max + i), Set(-kLogitUnit))", "Set(0.0f)"),
    ("kernels/cross_entropy_tile_shares-inl.h", "q.Counted(hn::Mul(q.Product(), difference))", "hn::Mul(q.Product(), difference)"),
    ("kernels/cross_entropy_tile_shares-inl.h", "shares_.weights == nullptr ? 1.0f : shares_.weights[c]", "1.0f"),
    ("kernels/cross_entropy_tile_shares-inl.h", "Fma(Load(product), target_share, smoothing)", "Load(product)"),
    ("kernels/cross_entropy_tile_shares-inl.h", "TakeSums(tile, 1.0 / kLogitUnit, logits_);", "TakeSums(tile, 1.0, logits_);"),
    ("kernels/cross_entropy_tile_shares-inl.h", "return Fnma(unit, q, v);", "return hn::Sub(v, hn::Mul(unit, q));"),
    ("kernels/cross_entropy_lanes-inl.h", "plan.scaled_max = loss_.parts.scale * tile_.max[i];", ""),
    ("kernels/cross_entropy_lanes-inl.h", "if (!share_sums.AreFinite()) return false;", ""),
    ("kernels/cross_entropy_lanes-inl.h", "return shares == nullptr || UnitFitsFloats(result.unit);", "return true;"),
    ("kernels/cross_entropy_lanes-inl.h", "units_[i] = 0.0f;", ""),
    ("kernels/cross_entropy_tile-inl.h", "if (is_narrow) FillRows(x.cols, 0.0f);", ""),
    ("kernels/cross_entropy_shares-inl.h", "SumOfEqual(shares, all)", "total.Total()"),
    ("kernels/sse2_shares-inl.h", "is_usual_(max == 0.0f || max >= kLeast || max <= -kLeast)", "is_usual_(true)"),
    ("kernels/sse2_shares-inl.h", "_mm_cmpge_ps(size, _mm_set1_ps(kLeast))", "_mm_cmpge_ps(size, zero)"),
    ("kernels/sse2_shares-inl.h", "_mm_cmplt_ps(size, infinity)", "_mm_cmple_ps(size, infinity)"),
    ("kernels/sse2_shares-inl.h", "shares.target_share == 1.0f", "true"),
    ("kernels/sse2_shares-inl.h", "_mm_or_ps(are_zero, _mm_cmpeq_ps(weights, zero))", "are_zero"),
    ("kernels/sse2_shares-inl.h", "SumOfFew(logits, vectors) / kLogitUnit", "SumOfFew(logits, vectors)"),
    ("kernels/sse2_cross_entropy-inl.h", "plan.scaled_max = loss.parts.scale * max;", ""),
    ("kernels/sse2_cross_entropy-inl.h", "fit_floats &= !has_shares || (share_sums.AreFinite() && UnitFitsFloats(result.unit));", ""),
    ("kernels/sse2_cross_entropy-inl.h", "(share_sums.AreFinite() && UnitFitsFloats(result.unit))", "share_sums.AreFinite()"),
    ("kernels/sse2_cross_entropy-inl.h", "(share_sums.AreFinite() && UnitFitsFloats(result.unit))", "UnitFitsFloats(result.unit)"),
    ("kernels/sse2_cross_entropy-inl.h", "is_mixed = has_shares || options", "needs_logs = options"),
    ("kernels/cross_entropy_passes.cc", "!(row.sum == row.sum) || share_sums.total != share_sums.total", "!(row.sum == row.sum)"),
    ("kernels/cross_entropy_passes.cc", "!(row.sum == row.sum) || share_sums.total != share_sums.total", "share_sums.total != share_sums.total"),
    ("kernels/cross_entropy_passes.cc", "FactorFitsFloats(factor) &&", ""),
    ("kernels/cross_entropy_passes.cc", "(fit_floats && UnitFits", "(UnitFits"),
    ("kernels/cross_entropy_passes.cc", "&& UnitFitsFloats(gradient.unit)", ""),
    ("kernels/cross_entropy_passes.cc", "(!has_shares || (fit_floats && UnitFitsFloats(gradient.unit)))", "!has_shares"),
    ("kernels/cross_entropy_passes.cc", "ReplaceExpValues(gradient.unit, gradient.total / row.sum, dx)", "ReplaceExpValues(gradient.unit, gradient.total, dx)"),
    ("kernels/cross_entropy_passes.cc", "dx[label] = static_cast<float>(gradient.label_gradient);", ""),
    ("schedules/cross_entropy_rows.h", "return static_cast<double>(counted);", "return 1.0;"),
    ("schedules/cross_entropy_rows.h", "static_cast<double>(batches->count)", "1.0"),
    ("schedules/loss_totals.h", "call.counted != 0 && totals.divisor == 0.0", "false"),
    ("schedules/loss_totals.h", "call.counted != 0 && totals.divisor == 0.0", "totals.divisor == 0.0"),
    ("schedules/cross_entropy_rows.cc", "upstream_ /= DivisorOf(call, totals_)", "upstream_ /= totals_.divisor"),
    ("schedules/loss_totals.h", "total /= DivisorOf(call, totals)", "total /= totals.divisor"),
    ("schedules/cross_entropy_rows.cc", "return call_.logits.cols == 0 &&", "return false &&"),
    ("schedules/cross_entropy_rows.cc", "if (!call_.HasLabels() && call_.counted", "if (call_.counted"),
    ("schedules/cross_entropy_rows.cc", "if (!call_.HasLabels() && call_.counted != 0)", "if (!call_.HasLabels())"),
    ("schedules/cross_entropy_rows.cc", "&& options_.reduction != Reduction::kNone;", ";"),
    ("schedules/cross_entropy_rows.cc", "return batch_ * call_.batches->labels;", "return 0;"),
    ("schedules/cross_entropy_rows.cc", "call_.loss + batch_ * call_.batches->losses + first", "call_.loss + first"),
    ("schedules/cross_entropy_rows.cc", "+ batch_ * call_.batches->upstream", ""),
    ("schedules/cross_entropy_rows.cc", "body(b * call_.logits.rows);", "body(0);"),
    ("schedules/cross_entropy_rows.cc", "source.load(source.context, first + rows, 0);", ""),
    ("schedules/loss_totals.cc", "if (call.IsIgnored(r)) continue;", ""),
    ("schedules/cross_entropy_rows.cc", "totals_ = *call.totals;", ""),
    ("schedules/cross_entropy_rows.cc", "options_.reduction == Reduction::kNone && HasGradient()", "HasGradient()"),
    ("schedules/cross_entropy_rows.cc", "options_.reduction == Reduction::kNone && HasGradient()", "options_.reduction == Reduction::kNone"),
    ("kernels/cross_entropy_kernels.h", "return -kMaxFactor <= factor && factor", "return factor"),
    ("kernels/cross_entropy_kernels.h", "&& factor <= kMaxFactor", ""),
    ("kernels/cross_entropy_kernels.h", "return unit == 0.0 || (0x1p-100 <= size && size <= 0x1p100)", "return unit == 0.0 || size <= 0x1p100"),
    ("kernels/cross_entropy_kernels.h", "return unit == 0.0 || (0x1p-100 <= size && size <= 0x1p100)", "return unit == 0.0 || 0x1p-100 <= size"),
    ("kernels/cross_entropy_kernels.h", "return unit == 0.0 || (0x1p-100", "return (0x1p-100"),
    ("kernels/cross_entropy_kernels.h", "unit < 0.0 ? -unit : unit", "unit"),
    ("kernels/cross_entropy_loss-inl.h", "if (label_share != 0.0) {", "{"),
    ("kernels/cross_entropy_loss-inl.h", "double{options.label_smoothing}) * weight", "double{options.label_smoothing})"),
    ("kernels/cross_entropy_loss-inl.h", "row.log_sum - (plan.scaled_max - plan.scaled_shift)", "row.log_sum - plan.scaled_max"),
    ("kernels/cross_entropy_loss-inl.h", "shares->total * log_over_max - loss.parts.scale * shares->logits", "shares->total * log_over_max"),
    ("kernels/cross_entropy_loss-inl.h", "lse = row.log_sum + plan.scaled_shift", "lse = row.log_sum"),
    ("kernels/cross_entropy_loss-inl.h", "(row.log_sum + plan.scaled_shift)", "row.log_sum"),
    ("kernels/cross_entropy_passes.cc", "if (loss.options.z_loss != 0.0f) {", "if (false) {"),
    ("kernels/cross_entropy_passes.cc", "(shares != nullptr || !IsLarge(row))", "!IsLarge(row)"),
    ("kernels/cross_entropy_loss-inl.h", "options.z_loss * (lse * lse)", "options.z_loss * lse"),
    ("kernels/cross_entropy_loss-inl.h", "total = label_share + share_total", "total = label_share"),
    ("kernels/cross_entropy_loss-inl.h", "shared = loss.smoothing * weight", "shared = loss.smoothing"),
    ("kernels/cross_entropy_loss-inl.h", "shares == nullptr || IsLarge(row)", "true"),
    ("kernels/cross_entropy_loss-inl.h", "shares == nullptr || IsLarge(row)", "shares == nullptr"),
    ("kernels/cross_entropy_loss-inl.h", "shares == nullptr || IsLarge(row)", "row.label > row.others"),
    ("kernels/cross_entropy_loss-inl.h", "(extra * row.label - total * row.others)", "(extra * row.label)"),
    ("kernels/cross_entropy_loss-inl.h", "(extra * row.label - total * row.others)", "(- total * row.others)"),
    ("kernels/cross_entropy_loss-inl.h", "- label_share - shared)", "- shared)"),
    ("kernels/cross_entropy_loss-inl.h", "- label_share - shared)", "- label_share)"),
    ("kernels/cross_entropy_shares-inl.h", "hn::IfThenZeroElse(hn::Eq(targets, zero), term)", "term"),
    ("kernels/cross_entropy_shares-inl.h", "hn::IfThenZeroElse(hn::Eq(weights, zero), kept)", "kept"),
    ("kernels/cross_entropy_shares-inl.h", "hn::Mul(targets, weights)", "targets"),
    ("kernels/cross_entropy_shares-inl.h", "Store(Fnma(units, factors.Of(i).Product(), v), dx + i);", "Store(v, dx + i);"),
    ("kernels/cross_entropy_shares-inl.h", "Fnma(units, q, v)", "v"),
    # attention
    ("kernels/attention_logits-inl.h", "return kMasks == Masks::kAny && keep_ != nullptr;", "return false;"),
    ("kernels/attention_logits-inl.h", "return kMasks == Masks::kBias || bias_ != nullptr;", "return bias_ != nullptr && kMasks != Masks::kBias;"),
    ("kernels/attention_logits-inl.h", "if (has_alibi_) z = AddAlibi(z, c); if (bias_ != nullptr) z = Biased(z, Load(", "if (bias_ != nullptr) z = Biased(z, Load("),
    ("kernels/attention_logits-inl.h", "return Fnma(slope_, Distances(c), z);", "return hn::Sub(z, hn::Mul(slope_, Distances(c)));"),
    ("kernels/attention_logits-inl.h", "hn::IfThenElse(hn::FirstN(F32(), count), z, Set(kMinusInfinity))", "z"),
    ("arith/tanh-inl.h", "Set(0.5625f)", "Set(0.7f)"),
    ("arith/tanh-inl.h", "hn::CopySign(large, t)", "large"),
    ("arith/tanh-inl.h", "Set(-0x1.555548p-2f)", "Set(-0x1.554p-2f)"),
    ("attention_special.cc", "is_masked ? 0.0f : kNaN", "kNaN"),
    ("attention_special.cc", "if (keep[i] == 0) to[i] = 0.0f;", ""),
    ("attention_special.cc", "& (z[i] == z[i])", ""),
    ("attention_run.cc", "FillRow(call.y.Row(r), call.x.cols, kNaN);", "FillRow(to, n, kNaN);"),
    ("schedules/row_schedule.cc", "FillZero(to, keys.begin);", ""),
    ("schedules/row_schedule.cc", "FillZero(to + keys.end, call_.x.cols - keys.end);", ""),
    ("kernels/attention_backward_passes.cc", "StreamTerms(gradients, row.dx + first, part, next);", "StreamTerms(gradients, row.dx, part, next);"),
    ("kernels/attention_backward_passes.cc", "ZeroStreamed(to + keys.end, rows.dx.cols - keys.end);", ""),
    ("kernels/log_softmax_backward_passes.cc", "gradients(exp, sum.Total(), scale, log_p.Row(r), d.Row(r))", "gradients(exp, sum.Total(), scale, log_p.Row(r), d.Row(0))"),
    ("kernels/log_softmax_backward_passes.cc", "StreamTerms(StreamedLogGradients(gradients), dx.Row(r), n, next);", ""),
    ("kernels/attention_backward_passes.cc", "tanh.Derivative(t)", "Set(1.0f)"),
    ("kernels/attention_backward_passes.cc", "static_cast<float>(-p * dot)", "static_cast<float>(p * dot)"),
    ("attention_check.h", "static_cast<size_t>(length) > cols", "false"),
    ("attention_check.h", "options.window < 0", "false"),
    ("schedules/key_ranges.h", "|| begin_ != kMin ||", "||"),
    ("kernels/attention_logits-inl.h", "return Fnma(slope_, Distances(c), z);", "return Fma(slope_, Distances(c), z);"),
    ("kernels/attention_logits-inl.h", "if (has_alibi_) z = AddAlibi(z, c); if (bias_ != nullptr) { z = Biased(z, LoadFirst(bias_ + c, count, zero), Set(bias_scale_)); }",
     "if (bias_ != nullptr) z = hn::Add(z, LoadFirst(bias_ + c, count, zero)); if (has_alibi_) z = AddAlibi(z, c);"),
    ("kernels/attention_logits-inl.h", "kFar = int64_t{1} << 30", "kFar = int64_t{1} << 33"),
    ("kernels/attention_logits-inl.h", "behind <= -kFar || kFar <= behind", "kFar <= behind"),
    ("kernels/attention_logits-inl.h", "behind <= -kFar || kFar <= behind", "behind <= -kFar"),
    ("kernels/attention_logits-inl.h", "hn::Abs(hn::ConvertTo(F32(), hn::Sub(first, hn::Iota(I32(), 0))))", "hn::ConvertTo(F32(), hn::Sub(first, hn::Iota(I32(), 0)))"),
    ("kernels/attention_logits-inl.h", "query_.DistanceTo(c + i)", "query_.DistanceTo(c)"),
    ("kernels/attention_logits-inl.h", "static_cast<float>(query_.DistanceTo(c + i))", "static_cast<float>(static_cast<double>(query_.DistanceTo(c + i)))"),
    ("attention_check.h", "return mask.data == nullptr || Have", "return Have"),
    ("attention_check.h", "HasShapeOf(scores, options.bias) && HasShapeOf(scores, options.keep)", "HasShapeOf(scores, options.bias)"),
    ("attention_check.h", "HasShapeOf(scores, options.bias) && HasShapeOf(scores, options.keep)", "HasShapeOf(scores, options.keep)"),
    ("attention_check.h", "!IsFiniteNotNegative(options.softcap) ||", ""),
    ("attention_check.h", "!IsFinite(options.alibi_slope) ||", ""),
    ("attention_check.h", "r < rows", "r + 1 < rows"),
    ("attention_softmax.cc", "if (scores.cols == 0 && logsumexp == nullptr) return Status::kOk;", ""),
    ("attention_softmax.cc", "scores.cols == 0 && logsumexp == nullptr", "scores.cols == 0"),
    ("attention_softmax.cc", "Optional(Read(options.bias)), Optional(Read(options.keep)),", "Optional(Read(options.bias)),"),
    ("attention_softmax.cc", "Optional(Read(options.bias)), Optional(Read(options.keep)),", "Optional(Read(options.keep)),"),
    ("attention_softmax.cc", "Optional(ReadVector(options.lengths, scores.rows)),", ""),
    ("attention_softmax.cc", ", Optional(ReadVector(options.sinks, scores.rows))", ""),
    ("attention_softmax.cc", "internal::Replacing(probs), results,", "internal::Replacing(probs),"),
    # attention_tile_backward_any.cc and what it calls
    ("any/attention_tile_backward_any.cc", "!internal::IsPair(of_probs, type) ||", ""),
    ("any/attention_tile_backward_any.cc", "call.probs.data != nullptr ? call.probs.type : kFloat", "call.probs.type"),
    ("any/attention_tile_backward_any.cc", "|| !internal::IsBiasBeside(options.bias, of_probs, type)", ""),
    ("any/attention_tile_backward_any.cc", "internal::IsBiasBeside(options.bias, of_probs, type)", "internal::IsBiasBeside(options.bias, kFloat, type)"),
    ("any/attention_tile_backward_any.cc", "internal::HaveSameShape(scores, call.dprobs) &&", ""),
    ("any/attention_tile_backward_any.cc", "Operand(internal::Replaced(scores)),", ""),
    ("any/attention_tile_backward_any.cc", "Operand(internal::Replaced(call.dprobs)),", ""),
    ("any/attention_tile_backward_any.cc", "of_probs == kFloat ? Operand(Optional(internal::Replacing(call.probs))) : Operand(Optional(internal::Written(call.probs))),", "Operand(Optional(internal::Replacing(call.probs))),"),
    ("any/attention_tile_backward_any.cc", "of_probs == kFloat ? Operand(Optional(internal::Replacing(call.probs))) : Operand(Optional(internal::Written(call.probs))),", "Operand(Optional(internal::Written(call.probs))),"),
    ("any/attention_tile_backward_any.cc", "internal::OutputBeside(call.dscores, kFloat),", ""),
    ("any/attention_tile_backward_any.cc", "internal::HaveSameShape(scores, call.dscores) &&", ""),
    ("any/attention_tile_backward_any.cc", "internal::HasShapeOf(scores, call.probs) &&", ""),
    ("any/attention_tile_backward_any.cc", "&& internal::MasksHaveShapeOf(scores, options)", ""),
    ("any/attention_tile_backward_any.cc", "Operand(ReadVector(call.states, rows)),", ""),
    ("any/attention_tile_backward_any.cc", "Operand(ReadVector(call.delta, rows)),", ""),
    ("any/attention_tile_backward_any.cc", "Operand(Optional(Read(options.bias))),", ""),
    ("any/attention_tile_backward_any.cc", "Operand(Optional(Read(options.keep))),", ""),
    ("any/attention_tile_backward_any.cc", "Operand(Optional(ReadVector(options.lengths, rows))),", ""),
    ("any/attention_tile_backward_any.cc", ", Operand(Optional(ReadVector(options.sinks, rows)))", ""),
    ("any/attention_tile_backward_any.cc", "if (internal::HaveOtherUse(call.states, rows, StateUse::kSoftmax)) { return Status::kBadOption; }", ""),
    ("any/attention_tile_backward_any.cc", "return internal::CheckTileOptions(call.options, rows, of_tile);", "of_tile = call.options.attention; of_tile.lengths = nullptr; return Status::kOk;"),
    ("any/attention_tile_backward_any.cc", "call.options.attention.lengths, call.options.first_key}", "nullptr, call.options.first_key}"),
    ("any/attention_tile_backward_any.cc", "call.options.attention.lengths, call.options.first_key}", "call.options.attention.lengths, 0}"),
    ("any/attention_tile_backward_any.cc", "write_(internal::AreAffine(options_) &&", "write_("),
    ("any/attention_tile_backward_any.cc", "internal::AreAffine(options_) && !has_half_bias_", "internal::AreAffine(options_)"),
    ("any/attention_tile_backward_any.cc", "(is_direct || has_no_p) && !has_half_bias_ &&", "(is_direct || has_no_p) &&"),
    ("any/attention_tile_backward_any.cc", "replaces_input_(call.probs.data == call.scores.data ||", "replaces_input_("),
    ("any/attention_tile_backward_any.cc", "call.probs.data == call.scores.data || call.probs.data == call.dprobs.data)", "call.probs.data == call.scores.data)"),
    ("any/attention_tile_backward_any.cc", "attention_.Sink(r)", "-kInfinity"),
    ("any/attention_tile_backward_any.cc", "if (!row.has_sum && row.special == -kInfinity) return WriteEmpty(r);", ""),
    ("any/attention_tile_backward_any.cc", "FillZero(r, 0, keys.begin);", ""),
    ("any/attention_tile_backward_any.cc", "FillZero(r, keys.end, call_.scores.cols);", ""),
    ("any/attention_tile_backward_any.cc", "write_ != nullptr && row.has_sum && !row.plan.is_far", "write_ != nullptr && row.has_sum"),
    ("any/attention_tile_backward_any.cc", "write_ != nullptr && row.has_sum && !row.plan.is_far", "write_ != nullptr && !row.plan.is_far"),
    ("any/attention_tile_backward_any.cc", "has_float_probs_ && (is_one_pass || !replaces_input_)", "has_float_probs_"),
    ("any/attention_tile_backward_any.cc", "converter_.Narrow(dx, call_.dscores, r, c);", ""),
    ("any/attention_tile_backward_any.cc", "if (has_probs_ && !is_direct) Write(p, n, call_.probs, r, c);", ""),
    ("any/attention_tile_backward_any.cc", "c += n", "c += n + 1"),
    ("any/attention_tile_backward_any.cc", "if (has_probs_) internal::FillZero(call_.probs, r, begin, end);", ""),
    ("any/attention_tile_backward_any.cc", "internal::FillZero(call_.dscores, r, begin, end); if", "if"),
    ("any/attention_tile_backward_any.cc", "internal::EmptyValue(options_.empty_row, false)", "0.0f"),
    ("any/attention_tile_backward_any.cc", "Write(buffers_.p, n, call_.dscores, r, c);", ""),
    ("any/attention_tile_backward_any.cc", "if (has_probs_) Write(buffers_.p, n, call_.probs, r, c);", ""),
    ("any/attention_tile_backward_any.cc", "internal::FillNaN(part, 0, 0, n, p, p);", "internal::FillRow(p, n, kInfinity - kInfinity);"),
    ("any/attention_tile_backward_any.cc", "call_.delta[r], options_.scale, options_.softcap", "call_.delta[0], options_.scale, options_.softcap"),
    ("any/attention_tile_backward_any.cc", "call_.delta[r], options_.scale, options_.softcap", "call_.delta[r], options_.scale, 0.0f"),
    ("any/attention_tile_backward_any.cc", "const internal::FpEnvironment environment;", ""),
    ("kernels/tile_gradients.cc", "logits.One(begin + i)", "logits.One(i)"),
    ("kernels/tile_gradients.cc", "logits.First(begin + i, n - i)", "logits.First(i, n - i)"),
    ("kernels/tile_gradients.cc", "const VF minus_half_delta = Set(MinusHalf(row.delta));", "const VF minus_half_delta = Set(-0.5f * static_cast<float>(row.delta) * 1.0000001f);"),
    ("kernels/tile_gradients.cc", "Gradient(p, dp, minus_half_delta, scale)", "Gradient(p, dp, minus_half_delta, Set(1.0f))"),
    ("kernels/tile_gradients.cc", "OfKey<true>", "OfKey<false>"),
    ("kernels/tile_gradients.cc", "row.dp + row.begin", "row.dp"),
    ("kernels/tile_gradients.cc", "Masks::kAny", "Masks::kPerhapsBias"),
    ("kernels/tile_gradients.cc", "Store(p, p_to + i);", ""),
    ("kernels/tile_gradients.cc", "StoreFirst(p, p_to + i, n - i);", ""),
    ("attention_softmax_backward.cc", "Replaced(probs), Replaced(dprobs), Replaced(scores),", "Replaced(dprobs), Replaced(scores),"),
    ("attention_softmax_backward.cc", "Replaced(probs), Replaced(dprobs), Replaced(scores),", "Replaced(probs), Replaced(scores),"),
    ("attention_softmax_backward.cc", "Replaced(probs), Replaced(dprobs), Replaced(scores),", "Replaced(probs), Replaced(dprobs),"),
    ("attention_softmax_backward.cc", "Optional(Read(options.bias)), Optional(Read(options.keep)),", "Optional(Read(options.keep)),"),
    ("attention_softmax_backward.cc", "Optional(Read(options.bias)), Optional(Read(options.keep)),", "Optional(Read(options.bias)),"),
    ("attention_softmax_backward.cc", "Optional(ReadVector(options.lengths, rows)),", ""),
    ("attention_softmax_backward.cc", "Optional(ReadVector(logsumexp, rows)), Optional(internal::WrittenVector(sink.dsinks, rows))", "Optional(ReadVector(logsumexp, rows))"),
    ("attention_softmax_backward.cc", "Optional(ReadVector(options.sinks, rows)),", ""),
    ("attention_backward.h", "options.sinks == nullptr || sink.logsumexp == nullptr", "sink.logsumexp == nullptr"),
    ("attention_backward.h", "options.sinks == nullptr || sink.logsumexp == nullptr", "options.sinks == nullptr"),
    ("attention_softmax_backward.cc", "internal::HaveSameShape(scores, dscores) &&", ""),
    ("attention_softmax_backward.cc", "reads_scores = !internal::IsZero(options.softcap)", "reads_scores = true"),
    ("attention_softmax_backward.cc", "if (probs.cols == 0 && sink.dsinks == nullptr) return Status::kOk;", ""),
    ("attention_softmax_backward.cc", "probs.cols == 0 && sink.dsinks == nullptr", "probs.cols == 0"),
    ("attention_softmax_backward.cc", "return internal::CheckAttentionOptions(options, rows, probs.cols);", "return Status::kOk;"),
    ("kernels/softmax_backward_row-inl.h", "const VF v = LoadFirst(p + i, count, zero);", "const VF v = LoadFirst(p + i, count, Set(1.0f));"),
    # vector-inl.h
    ("arith/vector-inl.h", "hn::Max(bound, x);", "hn::Max(x, bound);"),
    ("arith/vector-inl.h", "hn::Min(bound, x);", "hn::Min(x, bound);"),
    ("arith/soft_fma.h", "half_way || subnormal", "subnormal"),
    ("arith/soft_fma.h", "half_way || subnormal", "half_way"),
    ("arith/soft_fma.h", "(error > 0.0) == (sum > 0.0)", "error > 0.0"),
    ("arith/vector-inl.h", "return hn::MulAdd(a, b, c);", "return hn::Add(hn::Mul(a, b), c);"),
    ("arith/vector-inl.h", "return hn::NegMulAdd(a, b, c);", "return hn::Sub(c, hn::Mul(a, b));"),
    ("arith/vector-inl.h", "hn::BlendedStore(v, hn::FirstN(F32(), count), F32(), to);", "Store(v, to);"),
    ("arith/vector-inl.h", "hn::MaskedLoad(mask, F32(), from)", "Load(from)"),
    # log-inl.h
    ("arith/exp_coefficients.h", "1.0 / 3.0", "1.0 / 3.1"),
    ("arith/log-inl.h", "0x3FE6A09E667F3BCDu", "0x3FF6A09E667F3BCDu"),
    # check.h, operand.h: usual operands
    ("check.h", "HaveSameShape(in, out)", "true"),
    ("check.h", "HaveSameShape(first, out) && HaveSameShape(second, out)", "HaveSameShape(first, out)"),
    ("check.h", "HaveSameShape(first, out) && HaveSameShape(second, out)", "HaveSameShape(second, out)"),
    ("check.h", "Replaced(first), Replaced(second),", "Replaced(first),"),
    ("check.h", "r < rows; ++r) results[r]", "r + 1 < rows; ++r) results[r]"),
    ("check.h", "BitsOf(value) > 0 && BitsOf(value) < 0x7F800000u", "BitsOf(value) < 0x7F800000u"),
    ("check.h", "BitsOf(value) > 0 && BitsOf(value) < 0x7F800000u", "BitsOf(value) > 0 && BitsOf(value) <= 0x7F800000u"),
    ("check.h", "return IsZero(value) || IsFinitePositive(value);", "return IsFinitePositive(value);"),
    ("check.h", "(BitsOf(value) & 0x7FFFFFFFu) == 0", "BitsOf(value) == 0"),
    ("check.h", "(BitsOf(value) & 0x7FFFFFFFu) < 0x7F800000u", "BitsOf(value) < 0x7F800000u"),
    ("check.h", "&& empty_row <= EmptyRow::kZero", ""),
    ("operand.h", "role >= Role::kReplacing", "role > Role::kReplacing"),
    ("operand.h", "is_optional && view.data == nullptr", "view.data == nullptr"),
    ("operand.h", "is_optional && view.data == nullptr", "false"),
    ("operand.h", "a.rows == b.rows && a.cols == b.cols", "a.cols == b.cols"),
    ("operand.h", "a.rows == b.rows && a.cols == b.cols", "a.rows == b.rows"),
    ("operand.h", "a.outer == b.outer && a.axis", "a.axis"),
    ("operand.h", "a.axis == b.axis && a.inner", "a.inner"),
    ("operand.h", "&& a.inner == b.inner", ""),
    ("operand.h", "if (operand.IsNone()) outer = 0;", ""),
    ("operand.h", "return outer == 0 || axis == 0 || inner == 0;", "return axis == 0 || inner == 0;"),
    ("operand.h", "return outer == 0 || axis == 0 || inner == 0;", "return outer == 0 || inner == 0;"),
    ("operand.h", "return outer == 0 || axis == 0 || inner == 0;", "return outer == 0 || axis == 0;"),
    ("operand.h", "axis_stride(0), element_bytes(sizeof(T))", "axis_stride(0), element_bytes(4)"),
    ("operand.h", "if (operand.IsNone()) *this = UsualRange();", ""),
    ("operand.h", "(begin < other.end) & (other.begin < end)", "(begin < other.end) & (other.begin <= begin)"),
    ("operand.h", "(begin < other.end) & (other.begin < end)", "(begin <= other.begin) & (other.begin < end)"),
    ("operand.h", "(begin == other.begin) & (end", "(end"),
    ("operand.h", "(end == other.end) & (plane", "(plane"),
    ("operand.h", "& (plane == other.plane)", ""),
    ("operand.h", "(sizes >> 28) | ((begin", "((begin"),
    ("operand.h", "sizes >> 28", "sizes >> 40"),
    ("operand.h", "| ((begin - kFirstPage) >> 61)", ""),
    ("operand.h", "(begin - kFirstPage) >> 61", "begin >> 61"),
    ("operand.h", "((v.rows - 1) * v.stride + v.cols) * element_bytes", "((v.rows - 1) * v.stride) * element_bytes"),
    ("operand.h", "((v.rows - 1) * v.stride + v.cols) * element_bytes", "(v.cols) * element_bytes"),
    ("operand.h", "((v.rows - 1) * v.stride + v.cols) * element_bytes", "((v.rows - 1) * v.stride + v.cols)"),
    ("operand.h", "(v.rows - 1) | (v.cols - 1) |", "(v.cols - 1) |"),
    ("operand.h", "(v.rows - 1) | (v.cols - 1) |", "(v.rows - 1) |"),
    ("operand.h", "| v.stride | (v.stride - v.cols)", "| (v.stride - v.cols)"),
    ("operand.h", "| v.stride | (v.stride - v.cols)", "| v.stride"),
    ("operand.h", "plane((v.axis - 1) * v.axis_stride + v.inner)", "plane(v.inner)"),
    ("operand.h", "(v.outer - 1) | (v.axis - 1)", "(v.axis - 1)"),
    ("operand.h", "| (v.axis - 1) | (v.inner - 1)", "| (v.inner - 1)"),
    ("operand.h", "| (v.inner - 1) |", "|"),
    ("operand.h", "v.outer_stride | v.axis_stride |", "v.axis_stride |"),
    ("operand.h", "v.outer_stride | v.axis_stride |", "v.outer_stride |"),
    ("operand.h", "(v.axis_stride - v.inner) |", ""),
    ("operand.h", "| (v.outer_stride - plane)", ""),
    ("operand.h", "((v.outer - 1) * v.outer_stride + plane)", "((v.outer - 1) * v.outer_stride)"),
    ("operand.h", "((v.outer - 1) * v.outer_stride + plane)", "plane"),
    # check.cc: any operands
    ("check.cc", "begin < other.end && other.begin < end", "begin <= other.end && other.begin < end"),
    ("check.cc", "begin < other.end && other.begin < end", "begin < other.end && other.begin <= end"),
    ("check.cc", "begin < other.end && other.begin < end", "begin < other.end && other.begin <= begin"),
    ("check.cc", "begin < other.end && other.begin < end", "begin <= other.begin && other.begin < end"),
    ("check.cc", "__builtin_mul_overflow(count - 1,", "__builtin_mul_overflow(count,"),
    ("check.cc", "return !__builtin_mul_overflow(count - 1, stride, &before) &&", "before = (count - 1) * stride; return"),
    ("check.cc", "&& !__builtin_add_overflow(before, rest, span)", "&& (*span = before + rest, true)"),
    ("check.cc", "if (view.axis > 1 && view.axis_stride < view.inner) return false;", ""),
    ("check.cc", "view.axis > 1 && view.axis_stride < view.inner", "view.axis_stride < view.inner"),
    ("check.cc", "view.axis_stride < view.inner", "view.axis_stride <= view.inner"),
    ("check.cc", "if (view.outer > 1) {", "{"),
    ("check.cc", "is_broadcast = view.outer_stride == 0", "is_broadcast = false"),
    ("check.cc", "is_broadcast ? IsOutput(view.role) :", "is_broadcast ? false :"),
    ("check.cc", "is_broadcast ? IsOutput(view.role) :", "is_broadcast ? true :"),
    ("check.cc", "view.outer_stride < span", "view.outer_stride <= span"),
    ("check.cc", "view.outer_stride < span", "view.outer_stride < view.inner"),
    ("check.cc", "__builtin_mul_overflow(span, view.element_bytes, &bytes)", "(bytes = span * view.element_bytes, false)"),
    ("check.cc", "bytes > static_cast<size_t>(PTRDIFF_MAX)", "false"),
    ("check.cc", "view.begin + bytes", "view.begin + span"),
    ("check.cc", "return range->end >= range->begin;", "return true;"),
    ("check.cc", "return a.begin == b.begin && a.outer", "return a.outer"),
    ("check.cc", "a.outer == b.outer && a.axis == b.axis && a.inner == b.inner &&", ""),
    ("check.cc", "(a.outer == 1 || a.outer_stride == b.outer_stride) &&", ""),
    ("check.cc", "(a.outer == 1 || a.outer_stride", "(a.outer_stride"),
    ("check.cc", "&& (a.axis == 1 || a.axis_stride == b.axis_stride)", ""),
    ("check.cc", "(a.axis == 1 || a.axis_stride", "(a.axis_stride"),
    ("check.cc", "if (a.axis != 1 || b.axis != 1 || a.outer", "if (a.outer"),
    ("check.cc", "a.outer == 1 || b.outer == 1 ||", ""),
    ("check.cc", "stride == 0 ||", ""),
    ("check.cc", "stride != b.outer_stride * b.element_bytes", "false"),
    ("check.cc", "b.outer_stride * b.element_bytes", "b.outer_stride * a.element_bytes"),
    ("check.cc", "(b.begin - a.begin) % stride", "b.begin - a.begin"),
    ("check.cc", "(stride - (a.begin - b.begin) % stride) % stride", "(a.begin - b.begin) % stride"),
    ("check.cc", "(stride - (a.begin - b.begin) % stride) % stride", "(stride - (a.begin - b.begin)) % stride"),
    ("check.cc", "return offset >= a.inner * a.element_bytes &&", "return"),
    ("check.cc", "offset >= a.inner * a.element_bytes", "offset > a.inner * a.element_bytes"),
    ("check.cc", "offset >= a.inner * a.element_bytes", "offset >= a.inner"),
    ("check.cc", "&& offset + b.inner * b.element_bytes <= stride", ""),
    ("check.cc", "offset + b.inner * b.element_bytes <= stride", "offset + b.inner * b.element_bytes < stride"),
    ("check.cc", "offset + b.inner * b.element_bytes <= stride", "offset + b.inner <= stride"),
    ("check.cc", "if (operands[i].IsEmpty()) continue;", ""),
    ("check.cc", "if (operands[i].begin == 0) return Status::kNullPointer;", ""),
    ("check.cc", "if (!shapes_agree) return Status::kBadShape; Range", "Range"),
    ("check.cc", "const Operand* views[kMaxOperands];", "if (!shapes_agree) return Status::kBadShape; const Operand* views[kMaxOperands];"),
    ("check.cc", "if (!FindRange(*views[i], &ranges[i])) return Status::kBadShape;", "FindRange(*views[i], &ranges[i]);"),
    ("check.cc", "if (!IsOutput(views[i]->role)) continue;", ""),
    ("check.cc", "k = 0; k < count", "k = i + 1; k < count"),
    ("check.cc", "if (k == i || !ranges", "if (!ranges"),
    ("check.cc", "views[i]->role == Role::kReplacing && views[k]->role", "views[k]->role"),
    ("check.cc", "views[i]->role == Role::kReplacing && views[k]->role == Role::kReplaced", "views[i]->role == Role::kReplacing"),
    ("check.cc", "if (may_replace && IsSameView(*views[i], *views[k])) continue;", ""),
    ("check.cc", "if (may_replace && IsSame", "if (IsSame"),
    ("check.cc", "may_replace && IsSameView(*views[i], *views[k])", "may_replace"),
    ("check.cc", "if (!AreApart(*views[i], *views[k])) return", "return"),
    # States of rows in parts
    ("arith/state.h", "if (!(max == max)) return kKeyOfNaN;", ""),
    ("arith/state.h", "max + 0.0f", "max"),
    ("arith/state.h", "(bits >> 31) != 0 ? ~bits :", "(bits >> 31) != 0 ? bits ^ 0x80000000u :"),
    ("arith/state.h", "key & 0x7FFFFFFFu : ~key", "key & 0x7FFFFFFFu : key"),
    ("arith/state.h", "kKeyOfMinusInfinity < state.max_key &&", ""),
    ("arith/state.h", "&& state.max_key < kKeyOfInfinity", ""),
    ("arith/state.h", "sum.window = state.window >> 2;", "sum.window = state.window / 4;"),
    ("arith/state.h", "sum.window = state.window >> 2;", "sum.window = state.window;"),
    ("arith/state.h", "if (!HasSum(state)) return state;", ""),
    ("arith/state.h", "4 * window + static_cast<int64_t>(use)", "4 * window"),
    ("arith/state.h", "state.window & 3", "state.window & 1"),
    ("arith/state.cc", "from.max_key > into.max_key ?", "from.max_key < into.max_key ?"),
    ("arith/state.cc", "UseOf(HasSum(into) ? into : from)", "UseOf(into)"),
    ("arith/state.cc", "UseOf(HasSum(into) ? into : from)", "UseOf(from)"),
    ("arith/state.cc", "if (HasSum(into)) sum = SumOf(into);", ""),
    ("arith/state.cc", "if (HasSum(from)) Merge(SumOf(from), sum);", ""),
    ("arith/state.cc", "StateOf(KeyOf(max), sum, StateUse::kSoftmax)", "StateOf(KeyOf(max + 1.0f), sum, StateUse::kSoftmax)"),
    ("arith/state.cc", "AddBlockSums(&s, 1, offset, sum);", "AddBlockSums(&s, 1, offset + 1, sum);"),
    ("schedules/state_rows.cc", "(others & 3) == 0", "(others & 2) == 0"),
    ("schedules/state_rows.cc", "if ((others & 3) == 0) return false;", "return false;"),
    # Tiles of attention
    ("arith/reference_octave.h", "kReferenceStep = 8;", "kReferenceStep = 4;"),
    ("arith/reference_octave.h", "kTileHeadroom = 15;", "kTileHeadroom = 16;"),
    ("arith/reference_octave.h", "(octave + kReferenceStep - 1)", "(octave + kReferenceStep)"),
    ("arith/reference_octave.h", "octaves < INT32_MIN ? INT32_MIN :", ""),
    ("arith/reference_octave.h", "kLeastShift = -131;", "kLeastShift = -100;"),
    ("any/attention_tile_keys.cc", "__builtin_sub_overflow(", "__builtin_add_overflow("),
    ("any/attention_tile_keys.cc", "options.first_key > kMost ||", ""),
    ("any/attention_tile_keys.cc", "if (lengths[r] < 0) return Status::kBadOption;", ""),
    ("any/attention_tile_keys.cc", "length > first_key ? length - first_key : 0", "length"),
    ("any/attention_tile_keys.cc", "if (keys.end > end) keys.end = end;", "keys.end = end;"),
    ("any/attention_tile_keys.cc", "if (keys.begin > keys.end) keys.begin = keys.end;", ""),
    ("any/attention_tile_rows.cc", "FillZero(exps_, r, 0, keys_.begin);", ""),
    ("any/attention_tile_rows.cc", "FillZero(exps_, r, keys_.end, exps_.cols);", ""),
    ("any/attention_tile_rows.cc", "FillZero(exps_, r, 0, keys.begin);", ""),
    ("any/attention_tile_rows.cc", "FillZero(exps_, r, keys.end, exps_.cols);", ""),
    ("any/attention_tile_rows.cc", "key = own > key ? own : key;", "key = own;"),
    ("any/attention_tile_rows.cc", "has_logits_ = !is_half_ || blocks == 1;", "has_logits_ = true;"),
    ("any/attention_tile_rows.cc", "if (HasSum(before)) {", "if (true) {"),
    ("any/attention_tile_rows.cc", "kStateCols - (call_.keys.first_key + c) % kStateCols", "kStateCols - c % kStateCols"),
    ("any/attention_tile_rows.cc", "kStateCols - call_.keys.first_key % kStateCols", "kStateCols"),
    ("any/attention_tile_rows.cc", "&& !call_.round_exps", ""),
    ("any/attention_tile_rows.cc", "call_.round_exps && is_half_", "is_half_"),
    ("any/attention_tile_rows.cc", "s = SumInLanes(e, n);", ""),
    ("any/attention_tile_rows.cc", "offset = unit;", ""),
    ("any/attention_tile_rows.cc", "if (!are_written_)", ""),
    ("any/attention_tile_rows.cc", "are_written_ = has_logits && !is_half_;", ""),
    ("any/attention_tile_rows.cc", "row.floats += (r - first) * exps_.cols;", "row.floats += 0;"),
    ("any/attention_tile_rows.cc", "if (!is_half_) row.floats += keys.begin;", ""),
    ("any/attention_tile_rows.cc", "row.x += keys.begin;", ""),
    ("any/attention_tile_rows.cc", "row.exps = exps_.At(r, keys.begin);", ""),
    ("any/attention_tile_rows.cc", "has_logits ? 1.0f : call_.tile.options.scale", "call_.tile.options.scale"),
    ("any/attention_tile_rows.cc", "(BitsOf(scale) & 0x7FFFFF) == 0", "true"),
    ("any/attention_tile_rows.cc", "if (max == -kInfinity) return FillRow(e, n, 0.0f);", ""),
    ("schedules/scaled_rows.cc", "lanes[k] += lanes[k + half];", "lanes[k] = lanes[k + half];"),
    ("any/attention_tile_any.cc", "internal::HaveOtherUse(states, rows, StateUse::kSoftmax)", "false"),
    ("kernels/attention_tile_plan-inl.h", "hn::Add(v, Set(0.0f))", "v"),
    ("kernels/attention_tile_plan-inl.h", "rows[r < count ? r : 0]", "rows[0]"),
    ("kernels/attention_tile_plan-inl.h", "max.Add(LoadFirst(x + i, HWY_MIN(n - i, kLanes), Set(-kInfinity)));", ""),
    ("kernels/attention_tile_plan-inl.h", "i < n; i += kLanes", "i + kLanes <= n; i += kLanes"),
    ("kernels/attention_tile_plan-inl.h", "n %= 4 * kLanes;", "n = 0;"),
    ("kernels/attention_tile_plan-inl.h", "hn::Le(hn::Abs(top), limit),", "hn::Le(top, limit),"),
    ("kernels/attention_tile_plan-inl.h", "hn::And(is_near, hn::Le(hn::Abs(old), limit))", "is_near"),
    ("kernels/attention_tile_plan-inl.h", "hn::IfThenElse(is_new, top, old)", "old"),
    ("kernels/attention_tile_plan-inl.h", "hn::Min(own_offset, unit)", "unit"),
    ("kernels/attention_tile_plan-inl.h", "Lowest(hn::ConvertTo(F32(), own_offset), params.parts)", "Lowest(hn::ConvertTo(F32(), used), params.parts)"),
    ("kernels/attention_tile_plan-inl.h", "hn::IfThenElseZero(is_new, Set(0x1p72f))", "Set(0.0f)"),
    ("kernels/attention_tile_plan-inl.h", "hn::Set(I32(), 1023 + 72)", "hn::Set(I32(), 1023 + 48)"),
    ("kernels/attention_tile_plan-inl.h", "hn::Set(I32(), 1023 + 200)", "hn::Set(I32(), 1023 + 80)"),
    ("kernels/attention_tiles.cc", "hn::Mul(v, exp.scale)", "v"),
    ("kernels/attention_tiles.cc", "LoadFirst(left == 0 ? x : x + i, left, Set(-kInfinity))", "LoadFirst(left == 0 ? x : x + i, left, Set(0.0f))"),
    ("kernels/attention_tiles.cc", "StoreFirst(Load(block + i), to + i, HWY_MIN(n - i, kLanes));", "Store(Load(block + i), to + i);"),
    ("kernels/attention_tiles.cc", "0x1.8p124,", "0x1.8p123,"),
    ("kernels/attention_tiles.cc", "hn::Lt(q, hn::Set(d, 0x1p96))", "hn::Lt(q, hn::Set(d, 0x1p99))"),
    ("kernels/attention_tiles.cc", "numbers |= BitsOf(hn::Eq(s, s)) << h;", "numbers |= 0xFFFFu;"),
    ("kernels/attention_tiles.cc", "numbers &= lanes.is_usual;", ""),
    ("kernels/attention_tiles.cc", "HWY_UNLIKELY(octaves != 0)", "HWY_UNLIKELY(octaves > 0)"),
    ("kernels/attention_tiles.cc", "HWY_UNLIKELY(row.floats != row.exps)", "false"),
    ("kernels/attention_tiles.cc", "const Lanes& now = lanes[(k + 1) % 2];", "const Lanes& now = lanes[k % 2];"),
    ("kernels/attention_tiles.cc", "folded, now, params) << first;", "folded, now, params);"),
    ("kernels/attention_tiles.cc", "rest |= AddSums", "rest = AddSums"),
    ("kernels/attention_tiles.cc", "InOrder(z.d)}, i + 32)", "InOrder(z.d)}, i)"),
    ("schedules/scaled_rows.cc", "static_cast<float>(factor * x[i])", "static_cast<float>(factor) * x[i]"),
    ("schedules/scaled_rows.h", "shift < kMost ? shift : kMost", "shift"),
    ("attention_parts.cc", "if (__builtin_expect(shifts[r] == 0, 1)) continue;", ""),
    ("attention_parts.cc", "if (!has_into) return ScaleRow(from, of_from, n, into);", ""),
    ("attention_parts.cc", "if (!has_from ||", "if ("),
    ("attention_parts.cc", "internal::TileUnitOf(before) - unit", "0"),
    ("attention_parts.cc", "if (logs[1] == -kInfinity) continue;", ""),
    ("attention_parts.cc", "is_nan || max == kInfinity", "is_nan"),
    ("attention_parts.cc", "is_nan ? kNaN : max", "max"),
    ("attention_parts.cc", "exps[1] / sum, exps[0] / sum", "exps[0] / sum, exps[1] / sum"),
    ("attention_parts.cc", "internal::HaveOtherUse(from_states, rows, StateUse::kSoftmax)", "false"),
    ("any/finish_rows_any.cc", "empty_row > EmptyRow::kZero ||", ""),
    ("schedules/state_rows.cc", "state.max_key <= kKeyOfMinusInfinity", "state.max_key == kKeyOfMinusInfinity"),
    ("schedules/state_rows.cc", "state.max_key == kKeyOfInfinity ? kInfinity", "state.max_key == kKeyOfInfinity ? kNaN"),
    ("schedules/state_rows.cc", "row.has_sum = row.sum > 0.0;", "row.has_sum = true;"),
    ("schedules/state_rows.cc", "row.special = kNaN;", ""),
    ("schedules/state_rows.cc", "return HasSum(state) && UseOf", "return UseOf"),
    ("schedules/state_rows.cc", "states != end && !HasOtherUse(*states, use)", "states != end && HasOtherUse(*states, use)"),
    ("schedules/state_rows.cc", "return states != end;", "return false;"),
    ("schedules/state_rows.cc", "use_ == StateUse::kLogSoftmax ? passes_.sum_in_double : passes_.sum,", "passes_.sum,"),
    ("schedules/state_rows.cc", "use_ == StateUse::kLogSoftmax ? passes_.sum_in_double : passes_.sum,", "passes_.sum_in_double,"),
    ("schedules/state_rows.cc", "has_nan || !IsFiniteMax(max)", "has_nan"),
    ("schedules/state_rows.cc", "has_nan || !IsFiniteMax(max)", "!IsFiniteMax(max)"),
    ("schedules/state_rows.cc", "(kStateCols - part.first_col % kStateCols) % kStateCols", "0"),
    ("schedules/state_rows.cc", "(kStateCols - part.first_col % kStateCols) % kStateCols", "part.first_col % kStateCols"),
    ("schedules/state_rows.cc", "before < part.n ? before : part.n", "before"),
    ("schedules/state_rows.cc", "if (head != part.n) {", "if (head == 0) {"),
    ("schedules/state_rows.cc", "part.x + head, part.n - head", "part.x, part.n - head"),
    ("schedules/state_rows.cc", "part.hole - head", "part.hole"),
    ("schedules/state_rows.cc", "|| !(blocks.hole == blocks.hole)", ""),
    ("schedules/state_rows.cc", "AddBlockSum(blocks.hole, static_cast<int64_t>(blocks.hole_offset), blocks.sum);", ""),
    ("schedules/state_rows.cc", "AddBlockSum(blocks.hole, static_cast<int64_t>(blocks.hole_offset), blocks.sum);", "AddBlockSum(blocks.hole, 0, blocks.sum);"),
    ("softmax_state.cc", "internal::kNoHole}, states[r]", "internal::kNoHole}, states[0]"),
    ("softmax_state.cc", "first_col, logits.cols, internal::kNoHole", "0, logits.cols, internal::kNoHole"),
    ("softmax_state.cc", "logsumexp[r] = row.special;", "logsumexp[r] = -row.special;"),
    ("softmax_state.cc", "internal::CheckOperands(true, internal::Read(logits), internal::WrittenVector(states, logits.rows))", "internal::CheckOperands(true, internal::Read(logits))"),
    ("softmax_state.cc", "internal::CheckOperands(true, internal::Read(logits), internal::WrittenVector(states, logits.rows))", "internal::CheckOperands(true, internal::Read(logits), internal::ReadVector(states, logits.rows))"),
    ("softmax_state.cc", "!internal::IsFinitePositive(options.scale) ||", ""),
    ("softmax_state.cc", "options.use > StateUse::kLogSoftmax ||", ""),
    ("softmax_state.cc", "|| internal::HaveOtherUse(states, logits.rows, options.use)", ""),
    ("softmax_state.cc", "if (chosen == Target::kAuto) return Status::kTargetUnavailable; if (logits.cols == 0) return Status::kOk;", "if (logits.cols == 0) return Status::kOk; if (chosen == Target::kAuto) return Status::kTargetUnavailable;"),
    ("softmax_state.cc", "const internal::FpEnvironment environment; ReadRows", "ReadRows"),
    ("merge_states.cc", "internal::ReadVector(from, rows), internal::WrittenVector(into, rows)", "internal::WrittenVector(into, rows)"),
    ("merge_states.cc", "internal::ReadVector(from, rows), internal::WrittenVector(into, rows)", "internal::ReadVector(from, rows)"),
    ("merge_states.cc", "internal::HasSum(from[r]) &&", ""),
    ("merge_states.cc", "internal::HasOtherUse(into[r], internal::UseOf(from[r]))", "internal::HasOtherUse(into[0], internal::UseOf(from[0]))"),
    ("merge_states.cc", "internal::MergeState(from[r], into[r]);", "internal::MergeState(from[0], into[r]);"),
    ("softmax_state.cc", "internal::ReadVector(states, rows), internal::WrittenVector(logsumexp, rows)", "internal::WrittenVector(logsumexp, rows)"),
    ("softmax_state.cc", "internal::ReadVector(states, rows), internal::WrittenVector(logsumexp, rows)", "internal::ReadVector(states, rows)"),
    ("softmax_state.cc", "if (!internal::IsFinitePositive(scale)) return Status::kBadOption;", ""),
    ("softmax_state.cc", "const internal::FpEnvironment environment; WriteLogs", "WriteLogs"),
    ("from_states.h", "is_empty ? empty_value : kNaN", "empty_value"),
    ("from_states.h", "is_empty ? empty_value : kNaN", "kNaN"),
    ("from_states.h", "part.states[r], parts", "part.states[0], parts"),
    ("softmax_from_states.cc", "if (!row.plan.is_far) {", "if (true) {"),
    ("softmax_from_states.cc", "passes.multiply(1.0 / row.sum, row.sum, n, y);", ""),
    ("softmax_from_states.cc", "internal::EmptyValue(options.empty_row, false)", "internal::EmptyValue(options.empty_row, true)"),
    ("log_softmax_from_states.cc", "internal::EmptyValue(options.empty_row, true)", "internal::EmptyValue(options.empty_row, false)"),
    ("from_states.cc", "HaveSameShape(part.x, part.y)", "true"),
    ("from_states.cc", "Replaced(part.x)", "Read(part.x)"),
    ("from_states.cc", "ReadVector(part.states, part.x.rows),", ""),
    ("from_states.cc", "Replacing(part.y)", "Written(part.y)"),
    ("from_states.cc", "!AreGoodOptions(options.scale, options.empty_row) ||", ""),
    ("from_states.cc", "|| HaveOtherUse(part.states, part.x.rows, use)", ""),
    ("from_states.cc", "if (part.x.cols == 0) return Status::kOk;", ""),
    ("from_states.cc", "const FpEnvironment environment;", ""),
    ("softmax_from_states.cc", "{logits, probs, states}, StateUse::kSoftmax", "{logits, probs, states}, StateUse::kLogSoftmax"),
    ("log_softmax_from_states.cc", "StateUse::kLogSoftmax, options", "StateUse::kSoftmax, options"),
    ("softmax_backward_parts.cc", "p.cols == 0 ? 0.0 :", ""),
    ("softmax_backward_parts.cc", "kernels.dot(p.Row(r), dp.Row(r), p.cols)", "kernels.dot(p.Row(r), dp.Row(0), p.cols)"),
    ("softmax_backward_parts.cc", "p.cols, scale}, dots[r]", "p.cols, scale}, dots[0]"),
    ("softmax_backward_parts.cc", "p.cols, scale}, dots[r]", "p.cols, 1.0f}, dots[r]"),
    ("softmax_backward_parts.cc", "internal::HaveSameShape(probs, dprobs)", "true"),
    ("softmax_backward_parts.cc", "internal::Read(dprobs), internal::WrittenVector(dots, probs.rows)", "internal::WrittenVector(dots, probs.rows)"),
    ("softmax_backward_parts.cc", "internal::Read(dprobs), internal::WrittenVector(dots, probs.rows)", "internal::Read(dprobs)"),
    ("softmax_backward_parts.cc", "internal::HaveSameShape(probs, dlogits) &&", ""),
    ("softmax_backward_parts.cc", "&& internal::HaveSameShape(dprobs, dlogits)", ""),
    ("softmax_backward_parts.cc", "internal::Replaced(probs), internal::Replaced(dprobs),", "internal::Replaced(dprobs),"),
    ("softmax_backward_parts.cc", "internal::Replaced(probs), internal::Replaced(dprobs),", "internal::Replaced(probs),"),
    ("softmax_backward_parts.cc", "internal::ReadVector(dots, probs.rows),", ""),
    ("softmax_backward_parts.cc", "if (!internal::IsFinitePositive(scale)) return Status::kBadOption;", ""),
    ("softmax_backward_parts.cc", "if (probs.cols == 0) return Status::kOk;", ""),
    ("softmax_backward_parts.cc", "const internal::FpEnvironment environment; WriteDots", "WriteDots"),
    ("softmax_backward_parts.cc", "const internal::FpEnvironment environment; WriteGradients", "WriteGradients"),
    # fp_environment.h
    ("fp_environment.h", "_mm_setcsr(0x1F80);", "_mm_setcsr(0x9F80);"),
    ("fp_environment.h", "{ _mm_setcsr(0x1F80); }", "{}"),
    ("fp_environment.h", "{ _mm_setcsr(control_); }", "{}"),
    # version.cc
    ("version.cc", "SOFTLANE_VERSION;", "SOFTLANE_VERSION_MINOR;"),
    ("c/version_c.cc", "softlane::Version()", "SOFTLANE_VERSION_MINOR"),
    # dispatch.cc
    ("dispatch.cc", "if (targets & Bit(t)) resolved", "resolved"),
    ("dispatch.cc", "{Target::kAvx512, Target::kAvx2,", "{Target::kAvx2, Target::kAvx512,"),
    ("dispatch.cc", "if (!target || !(targets & Bit(*target))) return Target::kAuto;",
     "if (!target || !(targets & Bit(*target))) return BestOf(targets);"),
    ("dispatch.cc", "constexpr uint32_t kFmaOsxsaveAvxF16c = Bit(12) |", "constexpr uint32_t kFmaOsxsaveAvxF16c ="),
    # checks, positions and factors
    ("kernels/cross_entropy_passes.cc", "if (has_shares) shares = &(of_row", "if (true) shares = &(of_row"),
    ("kernels/cross_entropy_passes.cc", "shares->From(start)", "shares->From(0)"),
    ("kernels/cross_entropy_passes.cc", "in_floats ? factor : 0.0, end - start, e", "factor, end - start, e"),
    # far rows
    ("arith/far_plan.cc", "const double rest = (p1 - parts.l1) + p2;", "const double rest = p1 - parts.l1;"),
    ("arith/far_plan.cc", "(rest - parts.l2) + p3", "p3"),
    ("arith/far_plan.h", "(bits >> 31) != 0 ? -size : size", "size"),
    ("arith/far_plan.h", "static_cast<double>(bits & 0x7FFFFFFFu) * 4096", "0.0"),
    ("arith/far_plan.cc", "? far.exponent : -far.rest", "? far.exponent : 0.0"),
    ("arith/far_plan.cc", "? far.exponent : -far.rest", "? -far.rest : -far.rest"),
    ("arith/far_plan.cc", "131.0 / (parts.scale", "128.0 / (parts.scale"),
    ("arith/far_plan.cc", "lanes.peak[i] = far.is_beyond_most ? kFarPeak : 0.0f;", "lanes.peak[i] = 0.0f;"),
    ("arith/far_plan.cc", "lanes.lowest[i] = LowestOf(offsets[i], parts);", ""),
    ("arith/far_plan.cc", "lanes.least[i] = -kInfinity;", ""),
    ("arith/far_exp-inl.h", "hn::Sub(hn::Sub(hn::Sub(eighths, a), b), c)", "hn::Sub(hn::Sub(eighths, a), b)"),
    ("arith/far_exp-inl.h", "hn::Add(hn::Add(a, b), counter)", "hn::Add(a, counter)"),
    ("arith/far_exp-inl.h", "hn::IfThenElse(is_far, k, direct_k)", "k"),
    ("arith/far_exp-inl.h", "hn::IfThenZeroElse(hn::Lt(k, least_), core_.FromRest(k, rest))", "core_.FromRest(k, rest)"),
    ("arith/far_exp-inl.h", "_mm_sub_pd(_mm_sub_pd(_mm_sub_pd(eighths, a), b), c)", "_mm_sub_pd(_mm_sub_pd(eighths, a), b)"),
    ("arith/far_exp-inl.h", "_mm_add_pd(_mm_add_pd(a, b), counter)", "_mm_add_pd(a, counter)"),
    ("arith/far_exp-inl.h", "_mm_andnot_ps(is_low, e)", "e"),
    ("arith/far_exp-inl.h", "is_beyond ? lanes.peak[0] : peak[0]", "peak[0]"),
    ("kernels/far_rows.cc", "to[hole - i] = 0.0f;", ""),
    # block_sums.cc
    ("kernels/block_sums.cc", "if (octaves[b] > kMaxRise && octaves[b] <= kNegligible) is_common = false;", ""),
    ("kernels/block_sums.cc", "LowestOf(static_cast<float>(top - (own < used ? own : used)), parts)", "LowestOf(static_cast<float>(top), parts)"),
    ("kernels/block_sums.cc", "if (!(any == any)) { row.has_nan = true; } else {", "{"),
    ("kernels/block_sums.cc", "if (!(all == all)) row.has_nan = true;", ""),
    ("kernels/block_sums.cc", "parts.scale * fall < kBlockLimit ? max : row.max", "row.max"),
    ("kernels/block_sums.cc", "row.hole_offset = offset;", ""),
    ("kernels/block_sums.cc", "octaves[b] == octaves[b - 1]", "true"),
    ("kernels/block_sums.cc", "size >= kLeastFactor", "true"),
    ("kernels/block_sums.h", "is_all && size >= kLeastFactor / kPowerOfAll", "is_all"),
    ("kernels/block_sums.h", "is_all && size >= kLeastFactor / kPowerOfAll", "size >= kLeastFactor / kPowerOfAll"),
    ("kernels/block_rows.cc", "if (!HasNoFarBlock(max, parts)) return false;", ""),
    ("kernels/cross_entropy_loss-inl.h", "result.total == 0.0 ? 0.0 : -0.0", "-0.0"),
    ("kernels/cross_entropy_lanes-inl.h", "return !has_gradient || SetFactors();", "if (has_gradient) SetFactors(); return true;"),
    ("kernels/cross_entropy_tile-inl.h", "if (is_narrow) WriteFilledRows(dx);", ""),
    ("kernels/cross_entropy_tile-inl.h", "if (is_narrow) FillRows(x.cols, -kInfinity);", ""),
    ("kernels/cross_entropy_tile-inl.h", "LoadFirst(at_.from[i], cols, Set(value))", "LoadFirst(at_.from[i], cols, Set(0.0f))"),
    ("schedules/key_ranges.h", "Within(cols_, end_) != cols_", "false"),
    ("schedules/key_ranges.h", "return at < kFar ? at : kFar;", "return at;"),
    ("schedules/key_ranges.h", "AtMostFar(Sum(first, 1, kMax))", "AtMostFar(Sum(first, 0, kMax))"),
    ("schedules/key_ranges.h", "AtMostFar(Sum(Sum(first, -options.window, kMin), 1, kMax))", "AtMostFar(Sum(first, -options.window, kMin))"),
    ("schedules/key_ranges.h", "static_cast<size_t>(before > 0 ? before : 0)", "static_cast<size_t>(before)"),
    ("schedules/key_ranges.h", "return __builtin_add_overflow(a, b, &sum) ? limit : sum;", "(void)__builtin_add_overflow(a, b, &sum); (void)limit; return sum;"),
    ("schedules/key_ranges.h", "before = at < last ? at : last;", "before = at;"),
    ("kernels/attention_logits-inl.h", "options.first_query < 0 && static_cast<int64_t>(bits_) < 0", "static_cast<int64_t>(bits_) < 0"),
    ("kernels/attention_logits-inl.h", "options.first_query < 0 && static_cast<int64_t>(bits_) < 0", "options.first_query < 0"),
    ("kernels/attention_logits-inl.h", "is_negative_ || bits_ < uint64_t{c}", "bits_ < uint64_t{c}"),
    ("kernels/attention_logits-inl.h", "static_cast<int64_t>(bits_ - uint64_t{c})", "static_cast<int64_t>(bits_)"),
    ("kernels/softmax_backward_row-inl.h", "return OfKey<kIsKept>(p, Gradient(p, dp, minus_half_dot, scale));", "return Gradient(p, dp, minus_half_dot, scale);"),
    ("kernels/attention_backward_passes.cc", "return hn::Mul(scale, tanh.Derivative(t));", "return hn::Add(scale, hn::Sub(t, t));"),
    ("kernels/attention_backward_passes.cc", "log_p < -200.0 ? -200.0 : log_p", "log_p"),
    ("check.h", "shapes_agree && AreUsual(views...)", "AreUsual(views...)"),
    ("check.h", "return unusual == 0 &&", "return"),
    ("check.h", "k != i &&", ""),
    ("check.h", "!(kMayReplace && out.IsSameAs(other))", "!out.IsSameAs(other)"),
    ("check.h", "&& !(kMayReplace && out.IsSameAs(other))", ""),
    ("check.h", "out_role == Role::kReplacing && other_role == Role::kReplaced", "out_role == Role::kReplacing"),
    ("check.h", "IsOutput(Roles::kAll[i]) &&", ""),
    # exact_sum.cc
    ("arith/exact_sum.cc", "quotient - (exponent % kLimbOctaves < 0 ? 1 : 0)", "quotient"),
    ("arith/exact_sum.cc", "largest < sums[b] ? sums[b] : largest", "sums[b]"),
    ("arith/exact_sum.cc", "s -= q3;", ""),
    ("arith/exact_sum.cc", "s -= q2;", ""),
    ("arith/exact_sum.cc", "s -= q1;", ""),
    ("arith/exact_sum.cc", "(s + 0x1.8p52) - 0x1.8p52", "s"),
    ("arith/exact_sum.cc", "(s + 0x1.8p76) - 0x1.8p76", "(s + 0x1.8p75) - 0x1.8p75"),
    ("arith/exact_sum.cc", "kLimbOctaves * (window - 3)", "kLimbOctaves * (window - 2)"),
    ("arith/exact_sum.cc", "RaiseWindow(window, to);", "to.window = window;"),
    ("arith/exact_sum.cc", "if (other.window < into.window) RaiseWindow(into.window, other);", ""),
    ("arith/exact_sum.cc", "if (other.window > into.window) RaiseWindow(other.window, into);", ""),
    ("arith/exact_sum.cc", "Wrapped(sum.limbs[i], carry)", "sum.limbs[i]"),
    ("arith/exact_sum.cc", "(rest != 0 ? uint64_t{1} : 0)", "0"),
    ("arith/exact_sum.cc", "rest |= digits[i]", "rest = digits[i]"),
    # cross_entropy_from_states.cc
    ("schedules/labels.h", "sizeof(T) / sizeof(uint32_t)", "1"),
    ("schedules/labels.h", "label) >= end", "label) > end"),
    ("loss_state.cc", "if (labels[r] == options.ignore_index) continue;", ""),
    ("loss_state.cc", "has_label ? label - first_col : kNoHole", "kNoHole"),
    ("loss_state.cc", "Read(logits), Read(labels.WordsOfRows(rows)), WrittenVector(states, rows)", "Read(logits), WrittenVector(states, rows)"),
    ("loss_state.cc", "Read(logits), Read(labels.WordsOfRows(rows)), WrittenVector(states, rows)", "Read(logits), Read(labels.WordsOfRows(rows)), ReadVector(states, rows)"),
    ("loss_state.cc", "if (!IsFinitePositive(options.scale)) return Status::kBadOption;", ""),
    ("loss_state.cc", "if (labels[r] != options.ignore_index && HasOtherUse(states[r]", "if (HasOtherUse(states[r]"),
    ("loss_state.cc", "HasOtherUse(states[r], StateUse::kCrossEntropy)", "false"),
    ("loss_state.cc", "if (!labels.AreBelow(UINT64_MAX, rows, options.ignore_index, counted)) { return Status::kBadLabel; }", ""),
    ("loss_state.cc", "const FpEnvironment environment; ReadRows", "ReadRows"),
    ("cross_entropy_from_states.cc", "const FpEnvironment environment; WriteLosses", "WriteLosses"),
    ("cross_entropy_from_states.cc", "options_.z_loss = part.options.z_loss;", ""),
    ("cross_entropy_from_states.cc", "options_.class_weights = &weight_;", ""),
    ("cross_entropy_from_states.cc", "part_.losses[r] = 0.0f;", ""),
    ("cross_entropy_from_states.cc", "if (dx != nullptr) FillRow(dx, part_.x.cols, 0.0f);", ""),
    ("cross_entropy_from_states.cc", "const bool has_label = label < n;", "const bool has_label = false;"),
    ("cross_entropy_from_states.cc", "if (dx != nullptr) FillRow(dx, n, kNaN);", ""),
    ("cross_entropy_from_states.cc", "return has_label ? kNaN : 0.0f;", "return kNaN;"),
    ("cross_entropy_from_states.cc", "return has_label ? kNaN : 0.0f;", "return 0.0f;"),
    ("cross_entropy_from_states.cc", "options.label_weights == nullptr ? 1.0f : options.label_weights[r]", "1.0f"),
    ("cross_entropy_from_states.cc", ": options.label_weights[r];", ": options.label_weights[0];"),
    ("cross_entropy_from_states.cc", "options.upstream_rows == nullptr || dx == nullptr", "options.upstream_rows == nullptr"),
    ("cross_entropy_from_states.cc", ": options.upstream_rows[r];", ": options.upstream_rows[0];"),
    ("cross_entropy_from_states.cc", "SetLabel(row, part_.states[r], part_.x.Row(r), label, sums); }", "}"),
    ("cross_entropy_from_states.cc", "if (NeedsLog(loss_, sums, false)) {", "if (false) {"),
    ("cross_entropy_from_states.cc", "if (has_label) dx[label] = static_cast<float>(loss.label_gradient);", ""),
    ("cross_entropy_from_states.cc", "return has_label ? static_cast<float>(loss.loss) : 0.0f;", "return static_cast<float>(loss.loss);"),
    ("cross_entropy_from_states.cc", "block.hole_offset = plan.offset;", ""),
    ("cross_entropy_from_states.cc", "if (n == part_.num_classes && n <= kStateCols) {", "if (n <= kStateCols) {"),
    ("cross_entropy_from_states.cc", "if (n == part_.num_classes && n <= kStateCols) {", "if (n == part_.num_classes) {"),
    ("cross_entropy_from_states.cc", "if (n == part_.num_classes && n <= kStateCols) {", "if (false) {"),
    ("cross_entropy_from_states.cc", "if (totals.others < totals.sum * 0x1p-20) {", "if (false) {"),
    ("cross_entropy_from_states.cc", "sums.sum = totals.sum;", "sums.sum = totals.others;"),
    ("cross_entropy_from_states.cc", "loss.unit * loss.total / sum", "loss.unit / sum"),
    ("cross_entropy_from_states.cc", "const double ratio = loss.total / sum;", "const double ratio = 1.0 / sum;"),
    ("cross_entropy_from_states.cc", "const bool fits_floats = FactorFitsFloats(factor);", "const bool fits_floats = true;"),
    ("cross_entropy_from_states.cc", "(ratio * double{e[k]}) + 0.0)", "(ratio * double{e[k]}))"),
    ("cross_entropy_from_states.cc", "!IsFinitePositive(options.scale) ||", ""),
    ("cross_entropy_from_states.cc", "|| !IsFiniteNotNegative(options.z_loss)", ""),
    ("cross_entropy_from_states.cc", "options.label_weights != nullptr && !IsFiniteNotNegative(options.label_weights[r])", "false"),
    ("cross_entropy_from_states.cc", "part.labels[r] != options.ignore_index &&", ""),
    ("cross_entropy_from_states.cc", "HasOtherUse(part.states[r], StateUse::kCrossEntropy)", "false"),
    ("cross_entropy_from_states.cc", "part.x.cols <= part.num_classes &&", ""),
    ("cross_entropy_from_states.cc", "part.first_col <= part.num_classes - part.x.cols &&", ""),
    ("cross_entropy_from_states.cc", "(!has_gradient || HaveSameShape(part.x, part.dx))", "true"),
    ("cross_entropy_from_states.cc", "Replaced(part.x),", "Read(part.x),"),
    ("cross_entropy_from_states.cc", "Read(part.labels.WordsOfRows(rows)), ReadVector(part.states, rows),", "ReadVector(part.states, rows),"),
    ("cross_entropy_from_states.cc", "Read(part.labels.WordsOfRows(rows)), ReadVector(part.states, rows),", "Read(part.labels.WordsOfRows(rows)),"),
    ("cross_entropy_from_states.cc", "Optional(WrittenVector(part.losses, rows)),", "ReadVector(part.losses, rows),"),
    ("cross_entropy_from_states.cc", "Optional(Replacing(part.dx)),", "Optional(Read(part.dx)),"),
    ("cross_entropy_from_states.cc", "Optional(ReadVector(options.label_weights, rows)),", ""),
    ("cross_entropy_from_states.cc", "ReadVector(has_gradient ? options.upstream_rows : nullptr,", "ReadVector(options.upstream_rows,"),
    ("cross_entropy_from_states.cc", "AreBelow(part.num_classes, rows", "AreBelow(UINT64_MAX, rows"),
    ("kernels/cross_entropy_parts.cc", "loss.parts.scale, x_label", "1.0, x_label"),
    ("kernels/cross_entropy_parts.cc", "shares, upstream);", "shares, 1.0);"),
    ("schedules/cross_entropy_rows.cc", "base_ = r;", ""),
    ("schedules/long_loss.cc", "part_options_.class_weights = weights + col", "part_options_.class_weights = weights"),
    ("schedules/long_loss.cc", "(!has_shares || (fit_floats && UnitFitsFloats(result.unit)))", "true"),
    ("schedules/long_loss.cc", "row.has_nan |= block.has_nan;", ""),
    ("softmax_topk_axis.cc", "y.axis == k &&", ""),
    ("softmax_topk_axis.cc", "k <= x.axis && x.axis <= kMaxIndex", "k <= x.axis"),
    ("softmax_topk_axis.cc", "HaveSameShape(y, indices);", "true;"),
    ("softmax_topk_axis.cc", "if (state.max_key <= kKeyOfInfinity) {", "{"),
    ("softmax_topk_axis.cc", "select(part, first, count", "select(part, 0, count"),
    ("softmax_topk_axis.cc", "(col + c) % to.inner", "c % to.inner"),
    ("softmax_topk_axis.cc", "k <= kMaxTopK && AreGoodOptions", "AreGoodOptions"),
    ("topk_of_state.cc", "is_empty && options.empty_row == EmptyRow::kZero", "is_empty"),
    ("topk_of_state.cc", "if (options.renormalize) RenormalizeTopK(y, k);", ""),
    ("schedules/loss_tiles.cc", "planes.targets != nullptr || call.options->label_smoothing != 0.0f;", "false;"),
    ("schedules/loss_tiles.cc", "(are_gathered_ || call.Adds())", "false"),
    ("schedules/loss_tiles.cc", "if (left < most) most = left;", ""),
    ("schedules/loss_tiles.cc", "values[k * width + c] = 0.0f;", ";"),
    ("schedules/loss_tiles.cc", "if (cols > inner - i) cols = inner - i;", ""),
    ("schedules/loss_tiles.cc", "if (rows_[c].is_ignored) continue;", ""),
    ("schedules/loss_tiles.cc", "rows_[c].label * out.stride + c", "rows_[c].label * out.stride"),
    ("schedules/loss_tiles.cc", "else if (!rows_[lane + c].is_ignored)", "else"),
    ("schedules/loss_tiles.cc", "element += gradient;", "element = gradient;"),
    ("schedules/loss_tiles.cc", "!t.are_gathered_ && !t.call_.Adds()", "!t.are_gathered_"),
    ("kernels/cross_entropy_tile-inl.h", "ClearColumn(i, n, logits);", ""),
    ("kernels/cross_entropy_tile-inl.h", "if (has_others_ && HasFarColumn()) return false;", ""),
    ("kernels/cross_entropy_tile-inl.h", "if (rows[i].is_ignored) losses[i] = 0.0; } if (!has_gradient)", "} if (!has_gradient)"),
    ("kernels/cross_entropy_tile-inl.h", "tile_.max[i] = 0.0f; upstream_[i] = 0.0;", "tile_.max[i] = 0.0f;"),
    ("kernels/cross_entropy_tile_shares-inl.h", "scaled(Load(e + k))), e + k);", "Load(e + k)), e + k);"),
    ("schedules/column_rows.cc", "if (are_added_to && memory.HasHalfResults())", "if (false)"),
    ("schedules/column_rows.cc", "are_added_to ? to + result : result", "result"),
    ("schedules/column_rows.cc", "if (at.cols > inner - at.inner) at.cols = inner - at.inner;", ""),
    ("schedules/column_rows.cc", "at.inner = 0; ++at.outer;", "at.inner = 0;"),
    ("cross_entropy_axis.cc", "batches.count = inner == 0 ? 0 : outer;", "batches.count = outer;"),
    ("cross_entropy_axis.cc", "(labels_ == nullptr || batches.labels == inner) &&", ""),
    ("cross_entropy_axis.cc", "(!has_rows || batches.losses == inner) &&", ""),
    ("cross_entropy_axis.cc", "&& (!has_upstream || batches.upstream == inner)", ""),
    ("cross_entropy_axis.cc", "outer <= 1 || (planes_.x.axis != 0 &&", "outer <= 1 || ("),
    ("cross_entropy_axis.cc", "if (HasNoResult(call_)) return Status::kNullPointer;", ""),
    ("cross_entropy_axis.cc", "options.accumulate ? Operand(Read(x)) : Operand(Replaced(x))", "Operand(Replaced(x))"),
    ("cross_entropy_axis.cc", "outer == 0 || inner == 0 ? 0 : planes_.x.axis", "planes_.x.axis"),
    ("cross_entropy_axis.cc", "!are_rows || batches_.count != 1", "!are_rows"),
    ("cross_entropy_axis.cc", "if (!are_one || __builtin_mul_overflow(outer, inner, &columns)) return;", "columns = outer * inner; if (!are_one) return;"),
    ("schedules/cross_entropy_columns.cc", "at_.col + end)) ++end;", "end)) ++end;"),
    ("schedules/cross_entropy_columns.cc", "column / rows * call_.batches->labels + column % rows", "column"),
    ("any/cross_entropy_axis_any.cc", "options.accumulate ? Operand(Read(x)) : InputBeside(x, out)", "InputBeside(x, out)"),
    ("any/cross_entropy_axis_any.cc", "(targets != nullptr && targets->type != x.type)", "false"),
    ("c/loss_options.h", "result.upstream_stride = options->upstream_stride;", ""),
    ("cross_entropy_check.h", "const size_t different = are_repeated ? 1 : batches;", "const size_t different = batches;"),
    ("cross_entropy_check.h", "are_repeated ? batches * counted : counted", "counted"),
    ("schedules/long_loss.cc", "FillRow(r, 0.0f);", ""),
    ("schedules/long_loss.cc", "if (!rows_.are_added_to) FillRow", "FillRow"),
    ("schedules/long_loss.cc", "!(max_or_nan_(part.x, part.n) <= saved->highest)", "false"),
    ("schedules/long_loss.cc", "!(max_or_nan_(part.x, part.n) <= saved->highest)", "max_or_nan_(part.x, part.n) > saved->highest"),
    ("schedules/long_loss.cc", "x < static_cast<float>(kLeast) ? 0.0 : x", "x"),
    ("schedules/long_loss.cc", "row.is_ignored || !IsFiniteMax(lse) ||", "row.is_ignored ||"),
    ("schedules/long_loss.cc", "row.is_ignored && rows_.are_added_to;", "false;"),
    ("schedules/long_loss.cc", "row.is_ignored ? 0.0f : kNaN", "0.0f"),
    ("schedules/long_loss.cc", "logsumexp != nullptr && IsDirect(max, parts)", "logsumexp != nullptr"),
    ("schedules/long_loss.cc", "sums.others = 1.0 - sums.label;", ""),
    ("schedules/long_loss.cc", "sum = ExpInDouble(lse - plan.log_divisor);", ""),
    ("schedules/long_loss.cc", "in_floats && !has_shares && !plan.is_far && !are_probs", "in_floats && !has_shares && !are_probs"),
    ("schedules/long_loss.cc", "in_floats && !has_shares && !plan.is_far && !are_probs", "in_floats && !plan.is_far && !are_probs"),
    ("schedules/long_loss.cc", "in_floats && !has_shares && !plan.is_far && !are_probs", "!has_shares && !plan.is_far && !are_probs"),
    ("schedules/loaded_losses.cc", "lse == nullptr ? nullptr : lse + r", "lse"),
    ("schedules/loaded_losses.cc", "IsHalf(c.views.x.type) || !PlacesOf(c).AreInView()", "!PlacesOf(c).AreInView()"),
    ("schedules/loaded_losses.cc", "IsHalf(c.views.x.type) || !PlacesOf(c).AreInView()", "IsHalf(c.views.x.type)"),
    ("arith/exp_double.h", "if (x < -708.0) return 0.0;", ""),
    ("arith/exp_double.h", "- eighths * kLow", ""),
    ("arith/exp_double.h", "rest * (1.0 / 120.0) + (1.0 / 24.0)", "rest * (1.0 / 120.0)"),
    ("cross_entropy_backward.cc", "saved.has_probs && !IsZero(options.z_loss)", "false"),
    ("cross_entropy_backward.cc", "!options.accumulate && x.type == views.dx.type", "x.type == views.dx.type"),
    ("cross_entropy_backward.cc", "!options.accumulate && x.type == views.dx.type", "!options.accumulate"),
    ("cross_entropy_backward.cc", "is_per_row ? options.upstream_rows : nullptr", "options.upstream_rows"),
    ("cross_entropy_backward.cc", "Operand(ReadVector(saved.logsumexp, saved.has_probs ? 0 : x.rows)),", ""),
    ("any/cross_entropy_backward_any.cc", "!IsPair(x.type, dx.type) ||", ""),
    ("any/cross_entropy_backward_any.cc", "(targets != nullptr && targets->type != x.type)", "false"),
    ("schedules/loaded_losses.cc", "!call.IsIgnored(loaded_first + end)", "true"),
    ("schedules/loaded_losses.cc", "!call.IsIgnored(loaded_first + end)", "!call.IsIgnored(end)"),
    ("schedules/loaded_losses.cc", "loaded_first + begin, 0);", "begin, 0);"),
    ("schedules/gradient_places.cc", "dx_.stride == place.cols;", "true;"),
    ("schedules/gradient_places.cc", "to[i] += from[i]", "to[i] = from[i]"),
    ("schedules/gradient_places.cc", "row + r, 1, col + c, n, old", "row + r, 1, c, n, old"),
    ("schedules/gradient_places.cc", "dx_.At(row + r, col)", "dx_.At(row + r, 0)"),
    ("schedules/gradient_places.h", "!are_added_ && dx_.type", "dx_.type"),
    ("cross_entropy.cc", "adds ? Operand(Read(x)) : Operand(Replaced(x))", "Operand(Replaced(x))"),
    ("cross_entropy.cc", "call.divisor != nullptr || call.Adds() ||", "call.divisor != nullptr ||"),
    ("cross_entropy.cc", "o.reduction <= Reduction::kMean && !call.Adds();", "o.reduction <= Reduction::kMean;"),
    ("cross_entropy.cc", "call.Adds() && call.logits.rows != 0", "call.Adds()"),
    ("any/cross_entropy_any.cc", "options.accumulate ? Operand(Read(x)) : InputBeside", "InputBeside"),
    ("schedules/long_loss.cc", "FillRow(r, kNaN);", ""),
    ("schedules/long_loss.cc", "Sum(part.x, max, sums)", "Sum(part.x, max)"),
    ("kernels/cross_entropy_shares-inl.h", "logit.AddLanes(before->logits);", ""),
    ("kernels/cross_entropy_shares-inl.h", "total.AddLanes(before->total);", ""),
    ("any/state_parts.cc", "(kStateCols - first_col % kStateCols) % kStateCols", "0 * first_col"),
    ("schedules/half_rows.cc", "if (!result.in_range) return false; if (b != last)", "if (b != last)"),
    ("schedules/half_rows.cc", "if (!result.in_range) return false; slot =", "slot ="),
    ("schedules/half_rows.cc", "if (!is_fused_ || MayHaveTiny(result.sum)) Divide(slot);", "if (!is_fused_) Divide(slot);"),
    ("schedules/half_rows.cc", "MayHaveTiny(row.sum),", "false,"),
    ("schedules/half_rows.cc", "r % 3 * kMinNextCols", "r % 2 * kMinNextCols"),
    ("schedules/half_rows.cc", "(this->*run)(r)) continue; DivideAll();", "(this->*run)(r)) continue;"),
    ("schedules/half_rows.cc", "(n > kLongPlace && x.data == y.data) ||", ""),
    ("schedules/half_rows.cc", "result.sum}, n_ - middle);", "result.sum}, (n_ - middle) / kBlock * kBlock);"),
    ("schedules/half_rows.cc", "(cols + 32) / 2", "cols / 2"),
    ("schedules/half_rows.cc", "places_ == nullptr ? e : last;", "places_ == last ? last : e;"),
    ("schedules/half_rows.cc", "if (row.e != nullptr) DivideBehind(row, full_, n_);", ""),
    ("kernels/half_exps.cc", "for (size_t i = n; i != 0;) { i -= 2 * kLanes;", "for (size_t k = 0; k != n; k += 2 * kLanes) { const size_t i = k;"),
    ("kernels/half_exps.cc", "probabilities(Two{Load(e + i), Load(e + i + kLanes)})", "probabilities.NotTiny(Two{Load(e + i), Load(e + i + kLanes)})"),
    ("kernels/half_exps.cc", "if (pending == nullptr) return Terms::Write(i, terms);", ""),
    ("kernels/half_exps.cc", "if (floats != nullptr) return InRegisters(LoadFour(floats + i, 16));", ""),
    ("kernels/half_exps.cc", "if (to_floats) {", "if (!to_floats) {"),
    ("kernels/half_exps.cc", "in_range = in_range && job.last->in_range;", ""),
    ("kernels/half_exps.cc", "bool in_range = range.IsInside();", "bool in_range = true;"),
    ("any/any_backward.cc", "row_sum = &sum;", ""),
    ("any/any_backward.cc", "floats.is_log ? DotTerms::kSecond : DotTerms::kProducts", "DotTerms::kProducts"),
    ("any/any_backward.cc", "if (!IsFinitePositive(scale)) return Status::kBadOption;", ""),
    ("any/any_backward.cc", "if (chosen == Target::kAuto) return Status::kTargetUnavailable;", ""),
    ("kernels/half_exps.cc", "return range.IsInside();", "return true;"),
    ("kernels/half_exps.cc", "if (i != n) write(n - kPair);", ""),
    ("arith/word_sum-inl.h", "hn::Store(LastLanes(), F64(), lanes + 4);", "hn::Store(FirstLanes(), F64(), lanes + 4);"),
    ("arith/word_sum-inl.h", "return hn::Add(FirstLanes(), LastLanes());", "return hn::Add(even_, odd_);"),
    ("arith/half_vectors-inl.h", "hn::MulSub(v, factor, hn::MulSub(v, factor, v))", "hn::Sub(hn::MulAdd(v, factor, v), hn::Mul(v, factor))"),
    ("schedules/half_batches.cc", "if (!batch.have_no_tiny) break;", ""),
    ("schedules/half_batches.cc", "if (!Exp(r, batch)) break;", "Exp(r, batch);"),
    ("schedules/half_batches.cc", "} if (before != nullptr) Write(written, *before); return r;", "} return r;"),
    ("schedules/half_batches.cc", "is_dense_(x.stride == x.cols)", "is_dense_(true)"),
    ("schedules/half_batches.cc", "last, n - full, 1, n - full, true, e + full", "last, n - full, 1, n - full - 1, true, e + full"),
    ("any/any_softmax.cc", "r += count; if (r == rows) return;", "r += count + 1; if (r >= rows) return;"),
    ("kernels/half_exponentials.cc", "? 0x4298 : 0x54C0", "? 0x42B8 : 0x54C0"),
    ("kernels/half_exponentials.cc", "? 0x4298 : 0x54C0", "? 0x4298 : 0x55C0"),
    ("kernels/half_exponentials.cc", "hn::Max(a, b)", "a"),
    ("kernels/half_logs.cc", "HWY_MIN(count - HWY_MIN(count, i), kLanes)", "kLanes"),
    ("kernels/half_logs.cc", "max.Add(v); const VF term", "const VF term"),
    ("kernels/half_logs.cc", "range.IsInside();", "true;"),
    ("schedules/half_log_rows.cc", "if (!result.in_range) return false;", ""),
    ("schedules/half_log_rows.cc", "} if (r != 0) Write(r - 1, log_before); return r;", "} return r;"),
    ("schedules/half_log_rows.cc", "if (full_ == n_) return;", "return;"),
    ("any/half_gradient_rows.cc", "runs_ahead || r == 0 ? next_dot : dot_of(r);", "next_dot;"),
    ("any/half_gradient_rows.cc", "next_dot = dot_of(r + 1);", "next_dot = dot_of(r);"),
    ("arith/half_pairs-inl.h", "_mm512_subs_epu16(lower, is_even)", "lower"),
    ("arith/half_pairs-inl.h", "_mm256_subs_epu16(lower, is_even)", "lower"),
    ("any/half_gradient_rows.cc", "% size != 0) return false;", "% size != 0) (void)size;"),
    ("any/half_gradient_rows.cc", "(kLine - past) % kLine / bytes : 0", "past / bytes : 0"),
    ("any/half_gradient_rows.cc", "if (begin != 0) std::memcpy(dx, first, begin * bytes);", ""),
    ("any/half_gradient_rows.cc", "last + (kGradientStep - rest) * bytes", "last"),
    ("any/half_gradient_rows.cc", "From(row, last_step, kGradientStep, to)", "From(row, 0, kGradientStep, to)"),
    ("any/half_gradient_rows.cc", "row.is_streamed || dx == row.p || dx == row.dp", "row.is_streamed"),
    ("kernels/cross_entropy_kernels.h", "options.z_loss != 0.0f ||", ""),
    ("kernels/cross_entropy_kernels.h", "|| !IsLarge(row)", ""),
    ("kernels/block_sums.cc", "Remove(of_hole, others);", ""),
    ("kernels/block_sums.cc", "AddBlockSum(hole, hole_offset, of_hole);", "AddBlockSum(hole, units, of_hole);"),
    ("kernels/block_sums.cc", "return {TotalOf(others, units), TotalOf(all, units)};", "return {TotalOf(others, units), TotalOf(others, units)};"),
    ("kernels/block_sums.cc", "if (!(hole == hole)) return {kNaN, kNaN};", ""),
    ("kernels/block_sums.cc", "totals.sum = totals.others; if (hole == 0.0) return totals;", "totals.sum = 0.0; if (hole == 0.0) return totals;"),
    ("kernels/block_sums.cc", "AddBlockSum(hole, hole_offset, all);", "AddBlockSum(hole, units, all);"),
    ("kernels/block_sums.cc", "Merge(others, all);", ""),
    ("kernels/block_sums.cc", "row.hole * PowerOfTwo(row.hole_offset - plan.offset)", "row.hole"),
    ("kernels/block_sums.cc", "if (hole >= cols) return;", "if (hole == kNoHole) return;"),
    ("arith/exact_sum.cc", "if (other.window < from.window) RaiseWindow(from.window, other);", ""),
    ("arith/exact_sum.cc", "Wrapped(~other.limbs[i], 1)", "~other.limbs[i]"),
    ("arith/exact_sum.cc", "Wrapped(~other.limbs[i], 1)", "other.limbs[i]"),
    ("arith/exact_sum.cc", "const int64_t from = i + moved;", "const int64_t from = i;"),
    ("arith/exact_sum.cc", "? sum.limbs[from] : 0", "? sum.limbs[from] : sum.limbs[i]"),
    ("arith/exact_sum.cc", "sum.window = window;", ""),
    ("arith/exact_sum.cc", "Wrapped(into.limbs[i], other.limbs[i])", "other.limbs[i]"),
    ("arith/exact_sum.cc", "if (digits[4] >= uint64_t{1} << 39) return 0.0;", ""),
    ("arith/exact_sum.cc", "static_cast<uint64_t>(a) + static_cast<uint64_t>(b)", "static_cast<uint64_t>(a) | static_cast<uint64_t>(b)"),
    ("c/cross_entropy_from_states_c.cc", "result.scale = options->scale;", ""),
    ("c/cross_entropy_from_states_c.cc", "result.z_loss = options->z_loss;", ""),
    ("c/cross_entropy_from_states_c.cc", "result.ignore_index = options->ignore_index;", ""),
    ("c/cross_entropy_from_states_c.cc", "result.label_weights = options->label_weights;", ""),
    ("c/cross_entropy_from_states_c.cc", "result.upstream_rows = options->upstream_rows;", ""),
    ("c/cross_entropy_from_states_c.cc", "result.upstream = options->upstream;", ""),
    ("c/views.h", "return {data, FromInt<ElementType>(type), rows, cols, stride};\n}\ninline AnyRows Out", "return {data, ElementType::kFloat32, rows, cols, stride};\n}\ninline AnyRows Out"),
    ("c/attention_options.h", "options->bias_type", "0"),
    # any/: functions of any element type
    ("any/any_softmax.cc", "call.logsumexp + row", "call.logsumexp"),
    ("any/any_softmax.cc", "floats.has_logsumexp ? x.rows : 0", "0"),
    ("any/any_softmax.cc", "floats.from_states == nullptr || HaveSameShape(x, y)", "true"),
    ("any/any_softmax.cc", "if (!IsPair(x.type, y.type)) return Status::kBadOption;", ""),
    ("any/any_axis.cc", "if (!IsPair(x.type, y.type)) return Status::kBadOption;", ""),
    ("any/any_check.h", "ElementType::kFloat32) && ...)", "ElementType::kFloat32) || ...)"),
    ("any/any_check.h", "(in == out || in == ElementType::kFloat32 ||", "(true || in == ElementType::kFloat32 ||"),
    ("any/any_check.h", "return type <= ElementType::kFloat16;", "return true;"),
    ("any/chunks.cc", "x.rows - r < at_once ? x.rows - r : at_once;", "at_once;"),
    ("schedules/converter.cc", "if (view.stride == cols) {", "if (view.stride >= cols) {"),
    ("schedules/converter.cc", "if (view.stride == place.cols) {", "if (view.stride >= place.cols) {"),
    ("attention_check.h", "(in == kFloat || in == bias.type) &&", ""),
    ("attention_check.h", "(out == kFloat || out == bias.type)", "true"),
    ("c/cross_entropy_from_states_c.cc", "logits, first_col, num_classes, labels, FromC(states)", "logits, 0, num_classes, labels, FromC(states)"),
    # long_rows.cc
    ("kernels/exp_last-inl.h", "*block_sums++ = sum.Total(); sum = LaneSum();", "*block_sums++ = sum.Total();"),
    ("kernels/exp_last-inl.h", "HWY_UNLIKELY(i % kSumCols == 0) && i != job.n", "HWY_UNLIKELY(i % kSumCols == 0)"),
    ("kernels/exp_sums.cc", "*block_sums++ = sum.Total(); sum = LaneSum();", "*block_sums++ = sum.Total();"),
    ("kernels/exp_last-inl.h", ": static_cast<float>(job.block_sums[job.n / kSumCols]);", ": params.range.lowest;"),
    ("kernels/exp_last-inl.h", "exp.SetLowestArgument(Set(static_cast<float>(*block_sums)));", ""),
    ("kernels/sum_rows-inl.h", "is_exact ? LowestOfLast(job, params) : -kInfinity", "is_exact ? params.range.lowest : -kInfinity"),
    ("kernels/exp_sums.cc", "exp.SetLowestArgument(Set(static_cast<float>(*block_sums)));", ""),
    ("kernels/block_sums.cc", "if (sums[b] != 0.0 && is_low) result.in_range = false;", ""),
    ("kernels/block_sums.cc", "if (!params.is_exact && result.sum == 0.0) result.in_range = false;", ""),
    ("kernels/block_sums.cc", "count, 0.0, UnitOf(params.range))", "count, 0.0, 0)"),
    ("kernels/block_sums.cc", "RaiseWindow(all.window, kept);", ""),
    ("kernels/block_sums.cc", "totals.others >= totals.sum * kMinShareOfOthers", "totals.others >= totals.sum * 0x1p-20"),
    ("schedules/long_rows.cc", "if (!result.in_range) {", "if (false) {"),
    ("arith/exact_sum.cc", "largest < hole ? hole : largest", "largest"),
    ("arith/exact_sum.cc", "(s >= big) | ((s + big) - big == s)", "true"),
    ("arith/exact_sum.cc", "if (others < totals.sum * kMinShareOfOthers) totals.others = others;", ""),
    ("arith/exact_sum.cc", "if (others < totals.sum * kMinShareOfOthers) totals.others = others;", "totals.others = others;"),
    ("arith/exact_sum.cc", "if (s < big) s = (s + big) - big;", ""),
    ("arith/exact_sum.cc", "(total - (next - added)) + (s - added)", "total - (next - added)"),
    ("schedules/row_schedule.h", "pending.to += n;", ""),
    ("schedules/row_schedule.h", "pending.n -= n;", "pending.n = 0;"),
    ("schedules/long_rows.cc", "max = max < result.max ? result.max : max;", "max = result.max;"),
    ("schedules/long_rows.cc", "has_low ? kHighPeak : kPredictedPeak", "kPredictedPeak"),
    ("schedules/long_rows.cc", "params.range.offset = range.offset - far;", "params.range.offset = range.offset;"),
    ("schedules/long_rows.cc", "if (far != 0.0f && !is_log_) Lower(job.e, job.n, far);", ""),
    ("schedules/long_rows.cc", "if (far != own_far) break;", ""),
    ("schedules/long_rows.cc", "Divide(slot, {}); return Special(row, z, call_.LogAt(row.r)); } has_tiny", "return Special(row, z, call_.LogAt(row.r)); } has_tiny"),
    ("schedules/long_rows.cc", "Divide(SlotOf(row.r), {}); sum += ExpOfSink", "sum += ExpOfSink"),
    ("schedules/long_rows.cc", "sum += ExpOfSink(row.r, range);", ""),
    ("schedules/long_rows.cc", "float max = call_.Sink(row.r); for (size_t i = 0, b", "float max = -kInfinity; for (size_t i = 0, b"),
    ("schedules/long_rows.cc", "is_log_ ? slot.n >= n : slot.n != 0", "slot.n != 0"),
    # schedules/softmax_rows.cc
    ("schedules/softmax_rows.cc", "has_equal_rows_(call.ranges == nullptr && call.sinks == nullptr)", "has_equal_rows_(call.ranges == nullptr)"),
    ("schedules/softmax_rows.cc", "has_equal_rows_(call.ranges == nullptr && call.sinks == nullptr)", "has_equal_rows_(call.sinks == nullptr)"),
    ("schedules/row_schedule.cc", "if (r >= filled_) {", "if (r > filled_) {"),
    ("schedules/row_schedule.h", "return row.n != 0 && !is_final", "return !is_final"),
    ("schedules/softmax_rows.cc", "if (!CanTry(row, place, range)) break;", ""),
    ("schedules/softmax_rows.cc", "SetPending(SlotOf(r + count), job); } else { const", "SetPending(SlotOf(r), job); } else { const"),
    ("schedules/softmax_rows.cc", "const RowJob& before = jobs_[count - distance_];", "const RowJob& before = jobs_[count - 1];"),
    ("schedules/softmax_rows.cc", "job.pending_n = before.n;", "job.pending_n = job.n;"),
    ("schedules/softmax_rows.cc", "&results_[count - distance_].sum;", "&results_[count - distance_].row_sum;"),
    ("schedules/row_schedule.h", "return call_.y.Row(job.row) + job.begin;", "return call_.y.Row(job.row);"),
    ("schedules/softmax_rows.cc", "PlaceOf({r + count, 0, job.n, y})", "PlaceOf({r, 0, job.n, y})"),
    ("schedules/softmax_rows.cc", "SetPending(SlotOf(r + count), job); } else { job.pending", "SetPending(SlotOf(r), job); } else { job.pending"),
    ("schedules/softmax_rows.cc", "job.pending = PendingOf(jobs_[count - distance_]);", "job.pending = PendingOf(jobs_[count - 1]);"),
    ("schedules/softmax_rows.cc", "job.probs = y - distance_ * call_.y.stride;", "job.probs = y - call_.y.stride;"),
    ("schedules/softmax_rows.cc", "&results_[k - distance_].sum;", "&results_[0].sum;"),
    ("schedules/row_schedule.h", "job.is_streamed = pending.is_streamed;", "job.is_streamed = true;"),
    ("schedules/softmax_rows.cc", "jobs_[k].is_streamed = is_streamed_;", "jobs_[k].is_streamed = true;"),
    ("schedules/row_schedule.cc", "(plan_.divides_at_once || !IsAligned(to))", "plan_.divides_at_once"),
    ("schedules/row_schedule.h", "(needs_max ? 2 : 0)", "0"),
    ("schedules/softmax_rows.cc", "done.count + (done.has_failed ? 1 : 0)", "done.count"),
    ("schedules/softmax_rows.cc", "k < tried && k < distance_", "k < done.count && k < distance_"),
    ("schedules/softmax_rows.cc", "tried > distance_ ? tried - distance_ : 0", "0"),
    ("schedules/softmax_rows.cc", "tried > distance_ ? tried - distance_ : 0", "tried > distance_ ? done.count - distance_ : 0"),
    ("schedules/softmax_rows.cc", "SetLog(log, r + k);", "SetLog(log, r);"),
    ("schedules/row_schedule.cc", "Divide(SlotOf(row.r), {}); if (!IsFiniteMax", "if (!IsFiniteMax"),
    ("schedules/row_schedule.cc", "if (slot.has_tiny) Divide(slot, {});", ""),
    ("schedules/row_schedule.cc", "job.logits = z; job.begin = 0;", "job.logits = z;"),
    ("schedules/row_schedule.cc", "slot.n = 0; if (!is_log_)", "if (!is_log_)"),
    ("schedules/row_schedule.cc", "has_tiny || MayHaveTiny(sum)", "MayHaveTiny(sum)"),
    ("schedules/row_schedule.cc", "row.n = 0; row.has_tiny = false;", "row.has_tiny = false;"),
    ("schedules/row_schedule.cc", "SetSlot(row.r, e, row.to, row.n, log, false);", "SetSlot(row.r, e, row.to, row.n, sum, false);"),
    ("schedules/softmax_rows.cc", "has_masked_ = !is_log_; backoff_.Failed();", "has_masked_ = true; backoff_.Failed();"),
    ("kernels/sum_rows-inl.h", "if constexpr (kIsExact) return exp(v);", "if constexpr (kIsExact) return exp.FromRest(exp.Whole(v), exp.Rest(v, exp.Whole(v)));"),
    # schedules/softmax_batches.cc
    ("schedules/softmax_batches.cc", "left < max_rows_ ? left : max_rows_", "max_rows_"),
    ("schedules/key_ranges.h", "ends[k] = own.EndOf(first + k);", "ends[k] = own.EndOf(first);"),
    ("schedules/softmax_batches.cc", "needs_max ? logits_.exp_batch_of_rows :", "false ? logits_.exp_batch_of_rows :"),
    ("schedules/softmax_batches.cc", "may_be_few = has_masked_ || has_ends ||", "may_be_few = has_ends ||"),
    ("schedules/softmax_batches.cc", "has_ends || needs_max || call_.sinks != nullptr;", "has_ends || call_.sinks != nullptr;"),
    ("schedules/softmax_batches.cc", "has_ends || needs_max || call_.sinks != nullptr;", "has_ends || needs_max;"),
    ("schedules/softmax_batches.cc", "call_.sinks != nullptr && !JoinSinks", "false && !JoinSinks"),
    ("schedules/softmax_batches.cc", "JoinSinks(batch, call_.sinks + r)", "JoinSinks(batch, call_.sinks)"),
    ("schedules/softmax_batches.cc", "kernels_.log_sums(batch, call_.parts, call_.logsumexp + r); } if (has", "kernels_.log_sums(batch, call_.parts, call_.logsumexp); } if (has"),
    ("schedules/softmax_batches.cc", "kernels_.log_sums(batch, call_.parts, call_.logsumexp + r); } if (!are", "kernels_.log_sums(batch, call_.parts, call_.logsumexp); } if (!are"),
    ("schedules/softmax_batches.cc", "if (needs_max && batch.max[k] < sinks[k]) batch.max[k] = sinks[k];", ""),
    ("schedules/softmax_batches.cc", "if (MayHaveTiny(batch.sums[k])) batch.writing = Writing::kTiny;", ""),
    ("schedules/softmax_batches.cc", "kernels_.invert_sums(batch); return", "return"),
    ("schedules/softmax_batches.cc", "kernels_.invert_sums(batch); batch", "batch"),
    ("schedules/softmax_batches.cc", "batch.are_numbers = false;", ""),
    ("schedules/batch_others.cc", "batch.sums[k] = 0.0; }", "}"),
    ("schedules/softmax_batches.cc", "batch.e_stride = rows_.e_stride = e_stride;", "batch.e_stride = e_stride;"),
    ("schedules/softmax_batches.cc", "call_.ranges->EndsOf(r, batch.rows, ends_);", ""),
    ("schedules/prediction.h", "skipped_ = has_failed_ ? 31 : 1;", "skipped_ = 31;"),
    # planner.cc
    ("schedules/planner.cc", "if (shape.is_in_place) return Places::kScratch;", ""),
    ("schedules/planner.cc", "shape.has_usual_scale && fills_batch", "fills_batch"),
    ("schedules/planner.cc", "if (is_attention) return &kBatches;", ""),
    ("schedules/planner.cc", "cols <= limits->max_tile_cols && rows > limits->lanes / 2", "cols <= limits->max_tile_cols"),
    ("schedules/planner.cc", "shape.has_batches && !shape.is_log", "!shape.is_log"),
    ("schedules/planner.cc", "!shape.has_begins && FitsBatch", "FitsBatch"),
    ("schedules/planner.cc", "if (!shape.is_attention && !shape.is_log && shape.cols >= kMinLargeCols) {", "if (!shape.is_log && shape.cols >= kMinLargeCols) {"),
    ("schedules/planner.cc", "!shape.is_log && shape.cols >= kMinLargeCols", "!shape.is_log && shape.cols > kMinLargeCols"),
    ("schedules/planner.cc", "else if (shape.cols >= kMinLargeCols && !shape.is_log)", "else if (false)"),
    ("schedules/planner.cc", "return !shape.is_attention && kMinPaddedCols", "return kMinPaddedCols"),
    ("schedules/planner.cc", "shape.is_aligned && !shape.has_begins", "shape.is_aligned"),
    ("schedules/planner.cc", "shape.is_aligned && !shape.has_begins", "!shape.has_begins"),
    ("schedules/planner.cc", "kMinStagedCols <= shape.cols && shape.cols <= kSumCols;", "kMinStagedCols <= shape.cols;"),
    ("schedules/planner.cc", "plan.is_staged && !is_streamed &&", "plan.is_staged &&"),
    # exp_rows-inl.h, exp_batch-inl.h
    ("kernels/exp_last-inl.h", "has_masked || job.sink != -kInfinity", "has_masked"),
    ("kernels/exp_last-inl.h", "has_masked || job.sink != -kInfinity", "job.sink != -kInfinity"),
    ("kernels/plain_passes.cc", "!params.is_exact && !IsDone", "!IsDone"),
    ("kernels/exp_last-inl.h", "!internal::IsUsualSum(row_sum) || MayHaveTiny(sum)", "!internal::IsUsualSum(row_sum)"),
    ("kernels/exp_batch-inl.h", "for (; i < n; i += kLanes) { i = Unknown", "for (; i < end; i += kLanes) { i = Unknown"),
    ("kernels/exp_batch-inl.h", "WriteTerms(end, terms); ZeroRest(e, end, n); } }", "WriteTerms(end, terms); } }"),
    ("kernels/exp_batch-inl.h", "if (!kHasMasked) result = hn::IfThenElseZero(is_there, result);", ""),
    ("kernels/exp_batch-inl.h", "ends == nullptr ? length : ends[r]", "length"),
    ("schedules/softmax_batches.cc", "has_masked_ || has_ends || needs_max ||", "has_masked_ || needs_max ||"),
    ("attention_run.cc", "traits.may_batch && !traits.has_begins && !has_logsumexp", "traits.may_batch && !has_logsumexp"),
    ("kernels/exp_batch-inl.h", "rows.max[r] = max.Total();", "rows.max[0] = max.Total();"),
    ("kernels/exp_batch-inl.h", "rows.ends == nullptr ? rows.n : rows.ends[r]; NarrowMax max", "rows.n; NarrowMax max"),
    # short_rows.cc
    ("kernels/short_rows.cc", "batch.are_numbers = hn::AllTrue(d, are_numbers);", "batch.are_numbers = true;"),
    ("kernels/short_rows.cc", "before->writing == Writing::kUsual", "true"),
    ("kernels/short_rows.cc", "if (before != nullptr && !is_fused) WriteBatch(*before);", ""),
    ("kernels/short_rows.cc", "if (batch.writing == Writing::kTiny) {", "if (false) {"),
    ("kernels/batch_rows-inl.h", "i < end; i += kLanes) Write(i)", "i + kLanes < end; i += kLanes) Write(i)"),
    ("kernels/short_rows.cc", "LoadFirst(sinks + r, count, Set(-kInfinity))", "LoadFirst(sinks, count, Set(-kInfinity))"),
    ("kernels/short_rows.cc", "hn::PromoteTo(d, hn::Load(half, e + i))", "hn::PromoteTo(d, hn::Load(half, e))"),
    ("kernels/short_rows.cc", "ExpInRange<true>(sink, exp, lanes)", "ExpInRange<false>(sink, exp, lanes)"),
    ("arith/lane_rows-inl.h", "hn::IfThenElse(hn::Eq(sum, top), top_only, hn::Add(LogDivisors(octaves), LogLanes(sum)))", "hn::Add(LogDivisors(octaves), LogLanes(sum))"),
    ("kernels/short_rows.cc", "hn::Add(log, hn::Zero(d))", "log"),
    ("kernels/short_rows.cc", "hn::Sub(octaves, shift)", "octaves"),
    ("kernels/short_rows.cc", "logsumexp + r, count);", "logsumexp, count);"),
    # backward_planner.cc
    ("schedules/backward_planner.cc", "shape.is_aligned ? kMinAligned : kMinUnaligned", "kMinUnaligned"),
    ("schedules/backward_planner.cc", "shape.is_aligned ? kMinAligned : kMinUnaligned", "kMinAligned"),
    ("schedules/backward_planner.cc", "if (target != Target::kAvx2 && target != Target::kAvx512) { return kMinStreamedSoftmaxCols; }", ""),
    # attention_softmax.cc
    ("attention_special.cc", "options.keep.Row(r) + begin", "options.keep.Row(r)"),
    ("attention_special.cc", "BiasRow(options, r) + begin", "BiasRow(options, r)"),
    ("any/attention_rows.cc", "some.lengths += row", "some.lengths += 0"),
    ("any/attention_rows.cc", "some.sinks += row", "some.sinks += 0"),
    ("any/attention_rows.cc", "options.keep.Slice(row, count)", "options.keep"),
    ("any/attention_rows.cc", "some.first_query += static_cast<int64_t>(row);", ""),
    ("any/attention_rows.cc", "some.window = options.window > past ? options.window - past : 1;", ""),
    ("any/attention_rows.cc", "options.window > past ? options.window - past : 1", "options.window - past"),
    ("any/attention_rows.cc", "part.first_query - col;", "part.first_query;"),
    ("any/attention_rows.cc", "{part.keep.data + c, 1, n}", "{part.keep.data, 1, n}"),
    ("any/attention_rows.cc", "rest.scale = 1.0f;", ""),
    ("any/attention_rows.cc", "rest.softcap = rest.alibi_slope = 0.0f;", ""),
    ("any/attention_rows.cc", "if (largest < kInfinity) {", "if (true) {"),
    ("any/attention_rows.h", "if (!(max == max)) return kNaN;", ""),
    ("any/attention_rows.h", "return max > sink ? max : sink;", "return max;"),
    ("any/attention_long_rows.cc", "c - keys_.begin", "c"),
    ("any/attention_long_rows.cc", "if (!row.has_sum && row.special == -kInfinity) return WriteEmpty();", ""),
    ("any/attention_long_rows.cc", "+ row.plan.scaled_shift", ""),
    ("schedules/sink_rows.cc", "if (sink == -kInfinity) return row;", "return row;"),
    ("schedules/sink_rows.cc", "const float max = has_keys ? row.max : row.special;", "const float max = row.special;"),
    ("schedules/sink_rows.cc", "const float max = has_keys ? row.max : row.special;", "const float max = row.max;"),
    ("schedules/sink_rows.cc", "max > sink || !(max == max) ? max : sink", "max > sink ? max : sink"),
    ("schedules/sink_rows.cc", "max > sink || !(max == max) ? max : sink", "max"),
    ("schedules/sink_rows.cc", "row.has_sum = IsFiniteMax(largest);", ""),
    ("schedules/sink_rows.cc", "row.special = row.max = largest;", "row.max = largest;"),
    ("schedules/sink_rows.cc", "row.special = row.max = largest;", "row.special = largest;"),
    ("schedules/sink_rows.cc", "row.plan = PlanRow(largest, parts);", "if (!has_keys) row.plan = PlanRow(largest, parts);"),
    ("schedules/sink_rows.cc", "if (has_keys) { row.sum", "if (false) { row.sum"),
    ("schedules/sink_rows.cc", "if (!row.plan.is_far) {", "if (true) {"),
    ("schedules/sink_rows.cc", "passes.multiply(1.0 / row.sum, row.sum, n, z);", ""),
    ("any/attention_softmax_any.cc", "!internal::IsBiasBeside(options.bias, in, out)", "false"),
    ("any/attention_softmax_any.cc", "Operand(Optional(Read(options.bias))),", ""),
    ("any/attention_softmax_any.cc", "if (scores.cols == 0) return RunWithoutKeys(call);", "if (scores.cols == 0) return Status::kOk;"),
    ("attention_softmax.cc", "if (has_half_bias && options.bias.type > ElementType::kFloat16) {", "if (false) {"),
    ("attention_run.cc", "if (max == -kInfinity && sink == -kInfinity) {", "if (max == -kInfinity) {"),
    ("attention_run.cc", "if (max == -kInfinity && sink == -kInfinity) {", "if (false) {"),
    ("attention_run.cc", "!(max == max) || !(sink == sink)", "!(max == max)"),
    ("attention_run.cc", "!(max == max) || !(sink == sink)", "!(sink == sink)"),
    ("attention_run.cc", "return max > sink ? max : sink;", "return max;"),
    ("attention_softmax.cc", "options.sinks[r] + 0.0f", "options.sinks[r]"),
    ("schedules/softmax_call.h", "if (result.sum == result.sum) return; const float special = call.special", "return; const float special = call.special"),
    ("attention_softmax.cc", "!has_ranges && logsumexp == nullptr && scores.stride", "logsumexp == nullptr && scores.stride"),
    ("attention_run.cc", "shape.has_begins = traits.has_begins;", "shape.has_begins = false;"),
    # sum_rows-inl.h, log_passes.cc: log-softmax by softmax's schedules
    ("kernels/sum_rows-inl.h", "max.Add(v);", ""),
    ("kernels/sum_rows-inl.h", "max.Add(next);", ""),
    ("kernels/range_terms-inl.h", "if constexpr (kNeedsMax) max.Add(v); return v;", "return v;"),
    ("kernels/ahead-inl.h", "sum.AddFolded(folded);  // of the block before", ""),
    ("kernels/ahead-inl.h", "sum.AddStoredInDouble(1, before); Store(", "Store("),
    ("kernels/sum_rows-inl.h", "LoadFirst(x + i, count, Set(x[i]))", "LoadFirst(x + i, count, Set(0.0f))"),
    ("kernels/sum_rows-inl.h", "return KeepFirst(Of(v), count);", "return Of(v);"),
    ("kernels/far_rows.cc", "sum * PowerOfTwo(octaves)", "sum"),
    ("kernels/sum_rows-inl.h", "result.in_range = range.IsInside();", "result.in_range = true;"),
    ("kernels/sum_rows-inl.h", "AddShortLast<true>(full, n, terms, sum);", ""),
    ("one_column.cc", "BitsOf(logit) == kMinusInfinity ? if_masked : kNaN", "kNaN"),
    ("one_column.cc", "* logit + 0.0", "* logit"),
    ("kernels/log_passes.cc", "static_cast<float>(log_sum + plan.scaled_shift)", "static_cast<float>(log_sum)"),
    ("schedules/row_schedule.h", "static_cast<float>(log + 0.0)", "static_cast<float>(log)"),
    ("kernels/log_passes.cc", "float* const to = y + r * y_stride;", "float* const to = y + r * n;"),
    ("schedules/row_schedule.h", "is_log_ ? job.logits + job.begin : job.e", "job.e"),
    ("schedules/row_schedule.cc", "if (!has_results_) return;", ""),
    ("schedules/softmax_call.h", "is_log ? -kInfinity : 0.0f", "0.0f"),
    ("schedules/softmax_call.h", "kernels.few_rows != nullptr && scale == 1.0f; }", "kernels.few_rows != nullptr && scale > 0.0f; }"),
    ("schedules/softmax_call.cc", "r == 0 ? half : x.rows - half", "half"),
    ("schedules/softmax_call.cc", "run_others(x.Slice(r, count), y.Slice(r, count)", "run_others(x, y"),
    ("schedules/softmax_call.cc", "kernels.few_rows(x.Row(r), x.stride, y.Row(r), y.stride, count", "kernels.few_rows(x.data, x.stride, y.Row(r), y.stride, count"),
    ("schedules/planner.cc", "if (shape.is_in_place || shape.has_logsumexp) return false;", "if (shape.has_logsumexp) return false;"),
    ("schedules/planner.cc", "(limits.writes_logs_at_once || shape.is_aligned)", "true"),
    ("schedules/planner.cc", "shape.rows >= limits.lanes - 1 &&", ""),
    ("schedules/planner.cc", "(shape.cols <= kMaxBiasCols || !shape.has_bias_rows ||", "(shape.cols <= kMaxBiasCols ||"),
    ("schedules/planner.cc", "schedule == Schedule::kRows ? 1 : limits.batch_share", "1"),
    ("schedules/log_softmax_tiles.cc", "kernels.sums_in_double.add(e, cols - full, tile);", ""),
    ("schedules/log_softmax_tiles.cc", "rows.to[k], cols, logs[k], {}", "rows.to[k], cols, logs[0], {}"),
    ("kernels/log_tiles.cc", "if (k != 0) sum =", "if (false) sum ="),
    ("kernels/log_tiles.cc", "(kSumBlock - kSumLanes) * width", "kSumBlock * width"),
    ("kernels/short_rows.cc", "StreamRow(batch.e + r * batch.e_stride,", "StreamRow(batch.e + r * batch.n,"),
    ("schedules/row_tiles.h", "return RunRowByRow(call, r, left);", "return RunRowByRow(call, r, left - 1);"),
    ("cache_size.cc", "elements < kLeastCached ? kLeastCached", "elements < kLeastCached ? size_t{1}"),
    ("cache_size.h", "return is_small ? kUsualCached : FindCached();", "return FindCached();"),
    # tensor/, schedules/line_copies.cc: tensors in any layout
    # All heads.
    ("attention_check.h", "!IsFinitePositive(options.bias_scale) ||", ""),
    ("kernels/attention_logits-inl.h", "return Fma(bias_scale, bias, z);", "return hn::Add(z, hn::Mul(bias_scale, bias));"),
    ("tensor/heads_check.cc", "__builtin_add_overflow(first, scores.sizes[2] - 1, &last)", "__builtin_add_overflow(first, 0 * scores.sizes[2], &last)"),
    ("tensor/heads_check.cc", "if (length < 0 || length > scores.sizes[3]) return false;", "if (length < 0) return false;"),
    ("tensor/heads_check.cc", "all.strides[dim] = stride;", "all.strides[dim] = 0 * stride;"),
    ("tensor/heads_check.cc", "all.strides[d] = 0;\n  }", "}"),
    ("tensor/head_rows.cc", "if (d == kHeadDim && has_head_values) return run;", "if (d == kHeadDim && has_head_values && run == 0) return run;"),
    ("tensor/head_rows.cc", "if (has_positions && (d != kQueryDim || run != 1)) return run;", "if (has_positions && run == 0) return run;"),
    ("tensor/head_rows.cc", "run == 1 ? stride == 0 ||", "run == 1 ? stride != 0 ||"),
    ("tensor/head_rows.cc", "inner == kBatchDim ? 1 :", ""),
    ("tensor/head_rows.cc", "end += end_step;", ""),
    ("tensor/head_rows.cc", "if (has_causal && call_.Position(row) < most) {", "if (has_causal) {"),
    ("tensor/head_rows.cc", "options.causal = all.causal && !has_ends;", "options.causal = false;"),
    ("tensor/head_rows.cc", "(all.causal && !is_in_head)", "(all.causal && !is_in_head && run == 0)"),
    ("tensor/head_rows.cc", "options.window = all.window;", ""),
    ("tensor/head_logits.cc", "(inner_ == kHeadDim && has_bias_scales_) ||", ""),
    ("tensor/head_logits.cc", "(inner_ != kQueryDim && has_alibi_) ||", ""),
    ("tensor/head_logits.cc", "data != widened_ || rows > widened_rows_", "widened_ == nullptr"),
    ("tensor/head_logits.cc", "if (first_ + row != next_) next_row_", "if (next_ == 0) next_row_"),
    ("tensor/head_logits.cc", "(options.bias.data == nullptr || options.bias.stride == rows.n) &&", ""),
    ("tensor/head_logits.cc", "rows.ends == nullptr ? nullptr : rows.ends + k,", "rows.ends,"),
    ("tensor/head_logits.cc", "rows.max == nullptr ? nullptr : rows.max + k,", "rows.max,"),
    ("tensor/head_logits.cc", "piece_.options.softcap = call.options.softcap;", ""),
    ("tensor/written_heads.cc", "&& !IsHalf(call_.scores.type)", ""),
    ("tensor/attention_heads.cc", "options.window == 0 &&", ""),
    ("tensor/tensor_check.cc", "if (stride <= span) return false;", "if (stride < span) return false;"),
    ("tensor/tensor_check.cc", "if (!Nests(out, extents[i])) return Status::kOverlap;", ""),
    ("tensor/tensor_check.cc", "if (may_replace && IsSameView(out, operands[k])) continue;", "if (may_replace && out.data == operands[k].data) continue;"),
    ("tensor/tensor_check.cc", "return -other_bytes_ < distance && distance < out_bytes_;", "return distance == 0;"),
    ("tensor/tensor_check.cc", "int64_t k = nearest - 2;", "int64_t k = nearest;"),
    ("tensor/tensor_check.cc", "k <= nearest + 2;", "k <= nearest;"),
    ("tensor/tensor_check.cc", "interleave = true;", "interleave = false;"),
    ("tensor/tensor_check.cc", "return extent.begin <= first && first < extent.end;", "return true;"),
    ("tensor/tensor_check.cc", "return dim < rank ? dim : -1;", "return dim;"),
    ("tensor/fold.cc", "dim.strides[k] = -dim.strides[k];", ""),
    ("tensor/dims.cc", "fits &= all[d].strides[k] == Times(inner.strides[k], inner.size);", "fits &= k != 0 || all[d].strides[k] == Times(inner.strides[k], inner.size);"),
    ("tensor/fold.cc", "if (piece_.axis > 1 && view.axis_stride != 1) return false;", "if (piece_.axis > 1 && view.axis_stride > 2) return false;"),
    ("tensor/fold.cc", "if (stride == 0 && !view.is_output) return true;", "if (!view.is_output) return true;"),
    ("tensor/fold.cc", "if (dim.strides[k] != 1) return false;", "if (dim.strides[k] > 2) return false;"),
    ("tensor/fold.cc", "if (dim.strides[k] < plane) return false;", ""),
    ("tensor/fold.cc", "has_steps ? group % dim.size : 0;", "0;"),
    ("tensor/fold.cc", "group /= dim.size;", ""),
    ("tensor/fold.h", "if (is_last) index = 0;", ""),
    ("tensor/tensor_check.cc", "if (tensor.rank != whole.rank) return false;", ""),
    ("tensor/tensor_check.cc", "if (size != whole.sizes[d] || size <= 0) return false;", "if (size <= 0) return false;"),
    ("tensor/tensor_check.cc", "if (size != 1 && tensor.strides[d] != count) return false;", ""),
    ("tensor/tensor_check.cc", "if (__builtin_mul_overflow(count, size, &count)) return false;", "__builtin_mul_overflow(count, size, &count);"),
    ("tensor/dense_rows.h", "axis == first.rank - 1)", "axis >= 0)"),
    ("tensor/tensor_softmax.cc", "call.logsumexp == nullptr && AreRows", "call.y != nullptr && AreRows"),
    ("tensor/tensor_softmax.cc", "} else if (has_log && logs.outer_stride != 1 && piece.outer > 1) {", "} else if (has_log && logs.outer_stride > 2 && piece.outer > 1) {"),
    ("schedules/lines.h", "slice.data = lines.At(first, 0);", ""),
    ("schedules/narrow_columns.cc", "if (v.axis * v.inner < kMinTileCols) return 0;", ""),
    ("tensor/tensor_softmax.cc", "y.rows = count;", ""),
    ("tensor/tensor_gradient.cc", "first.IsCopied() || second.IsCopied() || dx.IsCopied()", "first.IsCopied() || dx.IsCopied()"),
    ("schedules/line_copies.cc", "const ptrdiff_t from_inner = goes_down ? from.row : from.col;", "const ptrdiff_t from_inner = from.col;"),
    ("schedules/line_copies.cc", "const size_t r = row + block.row, c = col + block.col;\n    const Layout<float> place = LayoutOf(to, block);", "const size_t r = row + block.row, c = block.col;\n    const Layout<float> place = LayoutOf(to, block);"),
    ("schedules/cross_entropy_rows.cc", "*call_.totals = totals_;", ""),
    ("tensor/fold.cc", "if (keeps_order_ || dim.strides[key] >= 0) return;", "if (dim.strides[key] >= 0) return;"),
    ("tensor/fold.cc", "keeps_order_ ? kNoOrder : key", "key"),
    ("tensor/fold.cc", "(keeps_order_ && d != 0) || !AreDirect(d)", "!AreDirect(d)"),
    ("tensor/fold.cc", "(!keeps_order_ || d == 0) && IsInner", "IsInner"),
    ("tensor/fold.cc", "(keeps_order_ && d != 1) ||", ""),
    ("tensor/fold.cc", "keeps_order_ && dims_.rank > 1 ? 1 : dims_.rank", "dims_.rank"),
    ("tensor/tensor_check.cc", "i >= tensors || k >= tensors ||", ""),
    ("tensor/loss_pieces.cc", "labels[i] = from.labels.At(r * step(labels_));", "labels[i] = from.labels.At(r);"),
    ("tensor/loss_pieces.cc", "upstream[i] = from.upstream[r * step(upstream_)];", "upstream[i] = from.upstream[r];"),
    ("tensor/loss_pieces.cc", "StrideOf(labels_, 1) != 1 ||", ""),
    ("tensor/loss_pieces.cc", "StrideOf(losses_, 1) != 1 ||", ""),
    ("tensor/loss_pieces.cc", "|| StrideOf(upstream_, 1) != 1;", ";"),
    ("tensor/tensor_loss.cc", "if (options_.upstream_rows != nullptr) return Status::kBadOption;", ""),
    ("tensor/tensor_loss.cc", "if (options_.accumulate) operands[0].role = Role::kRead;", ""),
    ("tensor/loss_pieces.cc", "batches.losses == inner &&", ""),
    ("tensor/loss_pieces.cc", "batches.labels == inner &&", ""),
    ("tensor/loss_pieces.cc", "&& batches.upstream == inner", ""),
    ("tensor/loss_pieces.cc", "counted_ += call.counted;", "counted_ = call.counted;"),
    ("tensor/tensor_loss.cc", "if (has_sum && !IsOneElement(t_.loss)) return Status::kBadShape;", "static_cast<void>(IsOneElement(t_.loss));"),
    ("tensor/tensor_loss.cc", "if (group != group_) Done(Fold(group));", ""),
    ("tensor/tensor_loss.cc", "is_upstream_one_ = true;", ""),
    ("tensor/fold.cc", "pieces_.size = 1;", ""),
    ("tensor/loss_pieces.cc", "views.x.IsCopied() || views.dx.IsCopied() ||", "views.x.IsCopied() ||"),
    ("tensor/loss_pieces.cc", "views.x.IsCopied() || views.dx.IsCopied() ||", "views.dx.IsCopied() ||"),
    ("tensor/loss_pieces.cc", "|| (has_targets && targets.IsCopied());", ";"),
    ("tensor/loss_pieces.cc", "call.shares_fit_floats = shares_fit_floats_;", "call.shares_fit_floats = true;"),
    ("tensor/tensor_loss.cc", "(IsPerRow() && places_ == 0)", "false"),
    ("tensor/loss_pieces.cc", "totals_.divisor = AddWeights(call, totals_.divisor);", "totals_.divisor = AddWeights(call, 0.0);"),
    ("tensor/tensor_loss.cc", "(t_.targets == nullptr || t_.targets->type == in)", "true"),
    ("tensor/tensor_loss.cc", "IsPerRow() && HasGradient() && t_.upstream.data", "IsPerRow() && t_.upstream.data"),
    ("tensor/tensor_loss.cc", "IsPerRow() && HasGradient() && t_.upstream.data", "HasGradient() && t_.upstream.data"),
    ("schedules/gradient_places.cc", "== ElementType::kFloat32 && !dx_.IsCopied()", "== ElementType::kFloat32"),
    ("schedules/gradient_places.h", "== ElementType::kFloat32 && !dx_.IsCopied()", "== ElementType::kFloat32"),
    ("schedules/loaded_losses.cc", "(IsHalf(targets->type) || targets->IsCopied())", "IsHalf(targets->type)"),
    ("any/chunks.cc", "chunk.row + r, chunk.col});", "chunk.row, chunk.col});"),
    ("any/joint_chunks.cc", "if (is_product) std::memcpy(last[0], x_[0].At(r, behind), 2 * rest);", ""),
    ("any/joint_chunks.cc", "rest == 0 ? nullptr : last", "nullptr"),
    ("any/joint_chunks.cc", "first.IsCopied() || second.IsCopied() || output.IsCopied()", "first.IsCopied() || output.IsCopied()"),
]

# Mutants that change nothing that can be seen, and why.
EQUIVALENT = {
    ("p.cols == 0 ? 0.0 :", ""): "the dot product of no columns is 0",
    ("if (probs.cols == 0) return Status::kOk;", ""): "no pass touches a row of no columns",
    ("if (part.x.cols == 0) return Status::kOk;", ""): "no pass touches a row of no columns",
    ("kHeadroom = 4.0", "kHeadroom = 3.0"): "another power of two in all exp values of a row",
    ("const VF v = LoadFirst(p + i, count, zero);", "const VF v = LoadFirst(p + i, count, Set(1.0f));"):
        "the other factor is 0 there",
    ("if (i + kLanes <= count) return terms.One(start + i); return i < count ? terms.First", "if (i + kLanes < count) return terms.One(start + i); return i < count ? terms.First"):
        "a full vector taken as a partial one",
    ("hn::Eq(x, x)", "hn::Ge(x, x)"): "both are false for NaN only",
    ("hn::Lt(e, least)", "hn::Le(e, least)"):
        "the threshold lies above 2^-126 of the sum by 2^-20; on it both are allowed",
    ("if (operand.IsNone()) *this = UsualRange();", ""): "the full check takes the call",
    ("| v.stride | (v.stride - v.cols)", "| (v.stride - v.cols)"):
        "cols and the difference are below 2^28, the stride below 2^29",
    ("v.outer_stride | v.axis_stride |", "v.outer_stride |"):
        "inner and the difference are below 2^28, the stride below 2^29",
    ("a.outer == b.outer && a.axis == b.axis && a.inner == b.inner &&", ""):
        "views that may replace each other have one shape",
    ("a.outer == 1 || b.outer == 1 ||", ""): "rows whose ranges meet share an element",
    ("stride == 0 ||", ""): "an output of several rows has a stride",
    ("total - total == 0.0 && logits", "logits"):
        "where the total alone is not finite, it is NaN in double, too",
    ("!(row.sum == row.sum) || share_sums.total != share_sums.total", "!(row.sum == row.sum)"):
        "NaN reaches the loss and all gradients by itself",
    ("call.counted != 0 && totals.divisor == 0.0", "totals.divisor == 0.0"):
        "0 / 0 is NaN, and ignored rows have no gradient",
    ("return unit == 0.0 || (0x1p-100", "return (0x1p-100"): "the double path gives the same zeros",
    ("shares == nullptr || IsLarge(row)", "row.label > row.others"):
        "below 1/2 both ways have the accuracy of double",
    ("job.logits = z; job.begin = 0;", "job.logits = z;"): "logits in memory do not ask for the column",
    ("hn::IfThenZeroElse(hn::Eq(targets, zero), term)", "term"):
        "0 * -inf is NaN, and the row's sums are then done in double",
    ("hn::IfThenZeroElse(hn::Eq(weights, zero), kept)", "kept"):
        "0 * -inf is NaN, and the row's sums are then done in double",
    ("LoadFirst(x + i, count, Set(x[i]))", "LoadFirst(x + i, count, Set(0.0f))"):
        "a row far from 0 fails its check and is done by its maximum, with the same bits",
    ("k != i &&", ""): "the full check that follows gives the same answer",
    ("&& !(kMayReplace && out.IsSameAs(other))", ""): "the full check that follows gives the same answer",
    ("IsOutput(Roles::kAll[i]) &&", ""): "the full check that follows gives the same answer",
    ("hn::IfThenElse(hn::FirstN(F32(), count), z, Set(kMinusInfinity))", "z"): "the other lanes are not stored",
    ("options.first_query < 0 && static_cast<int64_t>(bits_) < 0", "static_cast<int64_t>(bits_) < 0"):
        "2^63 and a few more are the same float",
    ("options.first_query < 0 && static_cast<int64_t>(bits_) < 0", "options.first_query < 0"):
        "it counts for keys that are 2^24 away, so for row 2^24 and behind",
    ("return _mm_movemask_pd(are_nan) == 0;", "return true;"): "sums of NaN give NaN in a batch, too",
    ("for (; n - start - i >= kLanes; i += kLanes)", "for (; n - start - i > kLanes; i += kLanes)"):
        "a partial vector of all lanes has the same terms",
    ("has_ends || needs_max || call_.sinks != nullptr;", "has_ends || needs_max;"):
        "without masked elements all exp values fit; a sink below the range is below half an ulp of their sum",
    ("are_zero &= (sum == 0.0) | (sum >= least);", ""): "rows one by one have the same bits",
    ("if (IsFar(i)) tile_.sums[i] = 0.0;", ""): "a far row is done by itself, whatever the tile finds",
    ("skipped_ = has_failed_ ? 31 : 1;", "skipped_ = 31;"): "rows by their maximum have the same bits",
    ("has_masked || job.sink != -kInfinity", "has_masked"):
        "without masked elements all exp values fit, and a sink is looked at before",
    ("!(max == max) || !(sink == sink)", "!(max == max)"): "the comparison gives a sink that is NaN",
}

# Of a test, in seconds; also when nobody waits for it any more.
TIMEOUT = ["timeout", "--signal=KILL", "120"]
# Long tests in part, and those that take too long for what they find.
AMOUNTS = {"SOFTLANE_ROWS": "2000", "SOFTLANE_MEMORY_STEP": "23"}
TOO_LONG = {"exp_exhaustive", "half_exhaustive"}


def pattern(text):
    """Finds the text with any white space between its words."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))


def adapt(file, text):
    """The source without code for AVX-512 where the CPU has none and no test runs it:
    the compiler takes 60 % of the time."""
    if HAS_AVX512:
        return text
    for of, old, new in (("highway.h", "0x18F8LL", "0x19F8LL"),
                         ("dispatch.h", "|| !(HWY_TARGETS & HWY_AVX3)", ""),
                         ("dispatch.h", "&N_AVX3::name", "nullptr")):
        if file == of:
            text, count = pattern(old).subn(new, text)
            assert count == 1, (of, old)
    return text


HAS_AVX512 = " avx512vl" in pathlib.Path("/proc/cpuinfo").read_text()
SOURCE = pathlib.Path(__file__).resolve().parent.parent


def source_of(file):
    return adapt(file, (SOURCE / "lib" / file).read_text())


def key_of(entry):
    """Changes when the entry or its file does."""
    parts = (*entry, source_of(entry[0]), str(HAS_AVX512))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def run(command, directory, environment=()):
    """The exit status and the output."""
    done = subprocess.run(command, cwd=directory, env={**os.environ, **dict(environment)},
                          shell=isinstance(command, str), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace")
    return done.returncode, done.stdout


def succeed(command, directory):
    status, output = run(command, directory)
    if status != 0:
        sys.exit(f"{command}:\n{output[-4000:]}")
    return output


def check():
    """Exits unless every entry is in its file once, and has a use."""
    wrong = [f"of no mutant: {pair}" for pair in EQUIVALENT
             if pair not in {(old, new) for _, old, new in MUTANTS}]
    for file, old, _ in MUTANTS:
        path = SOURCE / "lib" / file
        count = len(pattern(old).findall(source_of(file))) if path.exists() else 0
        if count != 1:
            wrong.append(f"{count} times in {file}: {old}")
    if wrong:
        sys.exit("\n".join(wrong))


class Test:
    """One of ctest's, and how its program is linked."""

    def __init__(self, tree, name, command, environment, program):
        self.name = name
        self.command = command
        self.environment = [*AMOUNTS.items(), *(v.split("=", 1) for v in environment)]
        self.program = program
        link = succeed(["ninja", "-t", "commands", program], tree.build).splitlines()[-1]
        self.link = link.split()
        # What of the archive the linker takes.
        self.own = [word for word in self.link if word.endswith(".o")]
        self.objects, wanted = set(), {s for o in self.own for s in tree.undefined[o]}
        while wanted:
            new = {tree.defined[s] for s in wanted if s in tree.defined} - self.objects
            self.objects |= new
            wanted = {s for o in new for s in tree.undefined[o]}
        self.seconds = 1.0

    def is_doctest(self):
        return any(o.endswith("/main.cc.o") and "test_main" in o for o in self.own)


class Tree:
    """A copy of the source and its build, in which one mutant at a time is built."""

    def __init__(self, directory):
        self.source, self.build = directory / "source", directory / "build"
        self.mutant = directory / "mutant"
        self.copy()
        cmake = ["cmake", "-S", str(self.source), "-B", str(self.build), "-G", "Ninja",
                 "-DCMAKE_BUILD_TYPE=Release", "-DSOFTLANE_BUILD_BENCH=OFF",
                 "-DSOFTLANE_INSTALL=OFF", "-DSOFTLANE_HAVE_AVX2_AND_AVX3=ON"]
        succeed(cmake, directory)
        succeed(["ninja", "-j1"], self.build)
        self.compile = {c["output"]: c["command"] for c in json.loads(
            succeed(["ninja", "-t", "compdb"], self.build)) if c["output"].endswith(".o")}
        self.find_includes()
        self.find_symbols()
        self.find_tests()
        self.seconds = {o: 3.0 for o in self.compile}  # to compile it: learned

    def copy(self):
        """Writes what differs, so that only this is built again."""
        tops = [p for p in SOURCE.iterdir() if not p.name.startswith(("build", "."))]
        for path in [p for top in tops for p in (top, *top.rglob("*")) if p.is_file()]:
            name = path.relative_to(SOURCE)
            content = path.read_bytes()
            if name.parts[0] == "lib" and path.suffix == ".h":
                content = adapt(str(name.relative_to("lib")), content.decode()).encode()
            to = self.source / name
            if not to.exists() or to.read_bytes() != content:
                to.parent.mkdir(parents=True, exist_ok=True)
                to.write_bytes(content)

    def find_includes(self):
        """self.users: the objects that a file of lib/ is compiled into."""
        self.users = collections.defaultdict(set)
        lib = self.source / "lib"
        for line in succeed(["ninja", "-t", "deps"], self.build).splitlines():
            if line.startswith(" "):
                path = (self.build / line.strip()).resolve()
                if lib in path.parents:
                    self.users[str(path.relative_to(lib))].add(output)
            elif line:
                output = line.split(":")[0]

    def find_symbols(self):
        self.defined, self.undefined = {}, {}
        for output in self.compile:
            self.undefined[output] = set()
            if not (self.build / output).exists():
                continue  # of a target that the tests do not need
            for line in succeed(["nm", output], self.build).splitlines():
                kind, symbol = line.split()[-2:]
                if kind == "U":
                    self.undefined[output].add(symbol)
                elif kind in "TDBRVW" and output.startswith("lib/"):
                    self.defined[symbol] = output

    def find_tests(self):
        self.tests = []
        listed = json.loads(succeed(["ctest", "--show-only=json-v1"], self.build))["tests"]
        for test in listed:
            command = test["command"]
            programs = [os.path.relpath(w, self.build) for w in command
                        if w.startswith(str(self.build / "tests") + "/")]
            programs = [p for p in programs if os.access(self.build / p, os.X_OK)
                        and (self.build / p).is_file() and "variants" not in p]
            if not programs or test["name"] in TOO_LONG:
                continue
            environment = [v for p in test.get("properties", ())
                           if p["name"] == "ENVIRONMENT" for v in p["value"]]
            self.tests.append(Test(self, test["name"], command, environment, programs[0]))

    def measure(self):
        """All tests pass without a mutant, in so many seconds."""
        for test in self.tests:
            start = time.time()
            status, output = run([*TIMEOUT, *test.command], self.build, test.environment)
            if status != 0:
                sys.exit(f"{test.name} fails without a mutant:\n{output[-4000:]}")
            test.seconds = time.time() - start
        return {test.name: test.seconds for test in self.tests}

    def compiled(self, output, objects):
        """Compiles it for the mutant, once. False if the compiler refuses."""
        if output in objects:
            return True
        to = self.mutant / output.replace("/", "+")
        start = time.time()
        command = re.sub(r" -MD -MT \S+ -MF \S+", "", self.compile[output])
        status, _ = run(command.replace(f" -o {output} ", f" -o {to} "), self.build)
        self.seconds[output] = time.time() - start
        same = status == 0 and to.read_bytes() == (self.build / output).read_bytes()
        objects[output] = output if same else str(to)
        return status == 0

    def kills(self, test, objects):
        """Whether the test fails with the objects."""
        program = self.mutant / "program"
        words = []
        for word in test.link:
            if word == "lib/libsoftlane.a":
                words += [objects.get(o, o) for o in sorted(test.objects)]
            else:
                words.append(str(program) if word == test.program else
                             objects.get(word, word))
        succeed(" ".join(words), self.build)
        command = [str(program) if os.path.relpath(w, self.build) == test.program else w
                   for w in test.command]
        if test.is_doctest():
            command.append("--abort-after=1")
        return run([*TIMEOUT, *command], self.build, test.environment)[0] != 0

    def judge(self, entry, history):
        """The verdict, and the tests that ran."""
        file, old, new = entry
        path, text = self.source / "lib" / file, source_of(file)
        times = path.stat()
        shutil.rmtree(self.mutant, ignore_errors=True)
        self.mutant.mkdir()
        path.write_text(pattern(old).sub(lambda _: new, text, count=1))
        users, objects, ran = self.users[file], {}, []
        words = set(re.split(r"[/_.-]", file))

        def need(test):
            return [o for o in [*test.own, *sorted(test.objects)] if o in users]

        def worth(test):
            """Kills per second, as the mutants of the file before let expect."""
            prior = 0.3 if words & set(test.name.split("_")) else 0.1
            killed, tried = history.of(file, test.name)
            seconds = sum(self.seconds[o] for o in need(test) if o not in objects)
            return (killed + prior) / (tried + 1) / (seconds + test.seconds + 0.3)

        try:
            left = [test for test in self.tests if need(test)]
            while left:
                test = max(left, key=worth)
                left.remove(test)
                if not all(self.compiled(o, objects) for o in need(test)):
                    return "killed by the compiler", ran
                if all(objects[o] == o for o in need(test)):
                    continue  # the same code
                ran.append(test.name)
                if self.kills(test, objects):
                    return f"killed by {test.name}", ran
        finally:
            path.write_text(text)
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
        if all(to == o for o, to in objects.items()):
            return "UNSEEN: the same code" + ("" if HAS_AVX512 else " without AVX-512"), ran
        return "SURVIVED", ran


class History:
    """The results, a line of JSON each, in a file that a run adds to."""

    def __init__(self, path):
        self.path, self.results, self.lock = path, {}, threading.Lock()
        self.counts = collections.defaultdict(lambda: [0, 0])
        if path.exists():
            for line in path.read_text().splitlines():
                if line.endswith("}"):  # a run may have been cut in a line
                    self.count(json.loads(line))

    def count(self, result):
        self.results[result["key"]] = result
        for name in result["ran"]:
            self.counts[result["file"], name][1] += 1
            self.counts[result["file"], name][0] += result["verdict"] == f"killed by {name}"

    def of(self, file, name):
        with self.lock:
            return self.counts[file, name]

    def add(self, entry, verdict, ran, seconds):
        file, old, new = entry
        result = {"key": key_of(entry), "file": file, "old": old, "new": new,
                  "verdict": verdict, "seconds": round(seconds, 1), "ran": ran}
        with self.lock:
            with self.path.open("a") as out:
                out.write(json.dumps(result) + "\n")
            self.count(result)


def verdict_of(result):
    reason = EQUIVALENT.get((result["old"], result["new"]))
    if reason and not result["verdict"].startswith("killed"):
        return "equivalent: " + reason
    return result["verdict"]


def print_result(number, result):
    print(f"{number:3} {result['file']}: {result['old'][:40]} -> {result['new'][:40]}: "
          f"{verdict_of(result)} ({result['seconds']:.0f} s)", flush=True)


def summarize(entries, history):
    """Prints what is known of them; True if all ran and none survived."""
    verdicts, seconds = collections.Counter(), 0.0
    for number, entry in entries:
        result = history.results.get(key_of(entry))
        if result is None:
            verdicts["not run"] += 1
            continue
        verdict = verdict_of(result)
        seconds += result["seconds"]
        verdicts[verdict.split(" ")[0].rstrip(":").lower()] += 1
        if not verdict.startswith(("killed", "equivalent")):
            print_result(number, result)
    print(", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common()) +
          f"; {seconds / 60:.0f} minutes")
    return set(verdicts) <= {"killed", "equivalent"}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("directory", type=pathlib.Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--jobs", type=int, default=1, help="trees at the same time")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="each Nth only")
    parser.add_argument("--summary", action="store_true", help="of the results, run nothing")
    arguments = parser.parse_intermixed_args()
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # at once, also in a thread's wait
    check()
    entries = [(number, entry) for number, entry in enumerate(MUTANTS, 1)
               if not arguments.names or any(name in entry[0] for name in arguments.names)]
    entries = entries[::arguments.every]
    if not entries:
        sys.exit("no file has a name with this in it")
    directory = arguments.directory.resolve()
    directory.mkdir(parents=True, exist_ok=True)
    history = History(directory / "results.jsonl")
    if not arguments.summary:
        run_all(directory, arguments.jobs, history,
                [(n, e) for n, e in entries if key_of(e) not in history.results])
    return not summarize(entries, history)


def run_all(directory, jobs, history, entries):
    if not entries:
        return
    todo, trees = queue.SimpleQueue(), []
    for entry in entries:
        todo.put(entry)

    def build(index):
        (directory / f"tree{index}").mkdir(exist_ok=True)
        trees.append(Tree(directory / f"tree{index}"))

    def work(tree):
        while True:
            try:
                number, entry = todo.get_nowait()
            except queue.Empty:
                return
            start = time.time()
            verdict, ran = tree.judge(entry, history)
            history.add(entry, verdict, ran, time.time() - start)
            print_result(number, history.results[key_of(entry)])

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        list(pool.map(build, range(jobs)))
        times = directory / "seconds.json"
        if not times.exists():
            times.write_text(json.dumps(trees[0].measure()))
        seconds = json.loads(times.read_text())
        for tree in trees:
            for test in tree.tests:
                test.seconds = seconds.get(test.name, 1.0)
        list(pool.map(work, trees))


if __name__ == "__main__":
    sys.exit(main())
