#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Applies mutants to lib/, one at a time, and runs the tests: every one must be killed.

    tests/mutants.py DIRECTORY [NAME ...]

copies the source to DIRECTORY, builds there, and leaves this tree alone. Ten to twenty
minutes. Prints which test killed a mutant; exits with 1 if one survives.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

# (file in lib/, what stands there once, what the mutant has instead)
MUTANTS = [
    # exp-inl.h: the core
    ("exp-inl.h", "0x1.c6a598p-5f", "0x1.c6a5a8p-5f"),
    ("exp-inl.h", "0x1.ec0fa2p-3f", "0x1.ec0fa4p-3f"),
    ("exp-inl.h", "0x1.62e432p-1f", "0x1.62e434p-1f"),
    ("exp-inl.h", "0x3F8B3A3E + kUp, 0", "0x3F8B3A3F + kUp, 0"),
    ("exp-inl.h", "0x3FB48E45 + kUp, 3", "0x3FB48E46 + kUp, 3"),
    ("exp-inl.h", "0x3FFF5829 + kUp, 7", "0x3FFF5828 + kUp, 7"),
    ("exp-inl.h", "float_bits - (j << 20)", "float_bits - (j << 19)"),
    ("exp-inl.h", "ShiftLeft<20>", "ShiftLeft<21>"),
    ("exp-inl.h", "0x1.71547652b82fep0", "0x1.71547652c82fep0"),
    ("exp-inl.h", "0x1.62e42fefa39efp-1", "0x1.62e430p-1"),
    ("exp-inl.h", "0x1.5863538c74e7fp-4", "0x1.58636p-4"),
    ("exp-inl.h", "constexpr float kMagic = 0x1.8p20f", "constexpr float kMagic = 0x1.8p21f"),
    ("exp-inl.h", "return Fnma(x, l_lo, near);", "return near;"),
    ("exp-inl.h", "return Fnma(power, p, power);", "return hn::Sub(power, hn::Mul(power, p));"),
    # exp.cc
    ("exp.cc", "0x1.3b0852p-7f", "0x1.3b1852p-7f"),
    ("exp.cc", "0x1.c6b8eap-5f", "0x1.c6b8fap-5f"),
    ("exp.cc", "0x3FB504F3, 4", "0x3FB504F4, 4"),
    ("exp.cc", "0x33092801", "0x33092901"),
    ("exp.cc", "0xB1D290BE", "0x00000000"),
    ("exp.cc", "Set(89.0f)", "Set(88.0f)"),
    ("exp.cc", "Set(-104.0f)", "Set(-103.0f)"),
    ("exp.cc", "kMagic + 64.0f", "kMagic + 8.0f"),
    ("exp.cc", "Set(0x1p-64f)", "Set(0x1p-63f)"),
    ("exp.cc", "y.Row(r), x.cols);", "y.data + r * x.cols, x.cols);"),
    ("exp.cc", "y.Row(r), x.cols,", "y.data + r * x.cols, x.cols,"),
    ("exp.cc", "x.stride == x.cols && ", ""),
    ("exp.cc", " && y.stride == y.cols", ""),
    ("exp.cc", "v.rows * v.cols", "(v.rows - 1) * v.cols"),
    ("stream-inl.h", "for (; n - i >= kLanes; i += kLanes) Store(", "for (; n - i > kLanes + 1; i += kLanes) Store("),
    ("stream-inl.h", "if (i != n) StoreFirst(terms.First(i, n - i), to + i, n - i);", "if (i != n) StoreFirst(terms.First(i, n - i), to + i, n - i - 1);"),
    # sum-inl.h
    ("sum-inl.h", "hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d))", "hn::Add(hn::Add(hn::Add(v.a, v.b), v.c), v.d)"),
    ("sum-inl.h", "hn::Add(hn::Add(v.a, v.b), hn::Add(v.c, v.d))", "hn::Add(hn::Add(v.a, v.c), hn::Add(v.b, v.d))"),
    ("sum-inl.h", "One(i + 32), One(i + 48)}", "One(i + 32), One(i + 32)}"),
    ("sum-inl.h", "hn::Add(lanes_[k], hn::Add(lower, upper))", "hn::Add(lower, upper)"),
    ("sum-inl.h", "if constexpr (kInDouble) return", "if constexpr (false) return"),
    ("sum-inl.h", "i + kLanes <= count", "i + kLanes < count"),
    ("sum-inl.h", "i + kLanes <= count", "i <= count"),
    # max-inl.h
    ("max-inl.h", "lanes_[k] = hn::Max(lanes_[k], x)", "lanes_[k] = hn::Min(lanes_[k], x)"),
    ("max-inl.h", "hn::Max(lanes_[2], lanes_[3])", "lanes_[2]"),
    ("max-inl.h", "for (VF& lanes : lanes_) lanes = Set(-kInfinity);", "for (VF& lanes : lanes_) lanes = Set(0.0f);"),
    ("max-inl.h", "(lanes.AddFirst(v), ...);", ""),
    ("max-inl.h", "const VF v = LoadFirst(x + i, count, Set(-kInfinity));", "const VF v = LoadFirst(x + i, count, Set(0.0f));"),
    ("max-inl.h", "Add(2, x.c);\n    Add(3, x.d);\n  }\n  HWY_INLINE float", "Add(2, x.d);\n    Add(3, x.d);\n  }\n  HWY_INLINE float"),
    ("max-inl.h", "Add(2, x.c);\n    Add(3, x.d);\n  }\n  HWY_INLINE bool", "Add(2, x.d);\n    Add(3, x.d);\n  }\n  HWY_INLINE bool"),
    ("max-inl.h", "hn::And(ordered_[2], ordered_[3])", "ordered_[2]"),
    ("max-inl.h", "hn::Eq(x, x)", "hn::Ge(x, x)"),  # equivalent: see EQUIVALENT
    # reduce.cc
    ("reduce.cc", "x.cols) + 0.0f", "x.cols)"),
    ("reduce.cc", "MaxOf<LaneNaN>", "MaxOf<IgnoreNaN>"),
    # softmax.cc
    ("softmax_row-inl.h", "kHeadroom = 4.0", "kHeadroom = 3.0"),
    ("softmax_row-inl.h", "kHeadroom = 4.0", "kHeadroom = 0.0"),
    ("softmax_row-inl.h", "kDirectLimit = 4096.0", "kDirectLimit = 4e6"),
    ("softmax_row-inl.h", "kDirectLimit = 4096.0", "kDirectLimit = 16.0"),
    ("softmax_row-inl.h", "kLowestOctaves = -125.75f", "kLowestOctaves = -140.75f"),
    ("softmax_row-inl.h", "kLowestOctaves = -125.75f", "kLowestOctaves = -110.75f"),
    ("softmax_row-inl.h", "0x1.00001p-126", "0x1.00001p-120"),
    ("softmax_row-inl.h", "high - high == 0.0f ? least : 0.0f", "least"),
    ("softmax_row-inl.h", "0x1.00001p-126", "0x1.00001p-130"),
    ("softmax_row-inl.h", "exponent < -60 || exponent > 60", "exponent < -60"),
    ("softmax_row-inl.h", "plan.shift = direct ? 0.0 : max;", "plan.shift = max;"),
    ("softmax_row-inl.h", "plan.shift = direct ? 0.0 : max;", "plan.shift = 0.0;"),
    ("softmax_row-inl.h", "direct ? 0.0 : plan.scaled_max;", "0.0;"),
    ("numerators-inl.h", "hn::Mul(hn::Sub(x, shift), unit)", "hn::Sub(x, shift)"),
    ("softmax_row-inl.h", "_mm512_maskz_mul_ps(keep, numerator.raw, rest.raw)", "_mm512_setzero_ps()"),
    ("softmax_row-inl.h", "Fma(kept, rest, Set(0.0f))", "hn::Mul(kept, rest)"),
    ("numerators-inl.h", "return KeepFirst(numerator, count);", "return numerator;"),
    ("numerators-inl.h", "return KeepFirst(result, count);", "return result;"),
    ("softmax_row-inl.h", "hn::Lt(numerator, least)", "hn::Le(numerator, least)"),  # equivalent
    ("softmax_row-inl.h", "max_only ? plan.scaled_max", "false ? plan.scaled_max"),
    ("softmax_row-inl.h", "exponent < -1022.0", "false"),
    # softmax_window-inl.h, softmax_pipeline-inl.h: a guess instead of the maximum
    ("vector-inl.h", "hn::IfThenZeroElse(hn::Lt(x, lowest), Fnma(a, b, c))", "Fnma(a, b, c)"),
    ("vector-inl.h", "_mm512_maskz_fnmadd_ps(keep, a.raw, b.raw, c.raw)", "_mm512_fnmadd_ps(a.raw, b.raw, c.raw)"),
    ("softmax_window-inl.h", "kMaskedOctaves = -170", "kMaskedOctaves = -110"),
    ("softmax_window-inl.h", "8 * kWindow - 1", "16 * kWindow - 1"),
    ("softmax_window-inl.h", "kMaxGuess = 3900.0f", "kMaxGuess = 39000.0f"),
    ("softmax_window-inl.h", "Add(eighths.d);", "Add(eighths.c);"),
    ("softmax_window-inl.h", "AddUnlessLess(eighths.d, x.d, lowest);", "AddUnlessLess(eighths.c, x.c, lowest);"),
    ("softmax_window-inl.h", "outside_.raw, keep, _mm512_castps", "outside_.raw, 0xFF, _mm512_castps"),
    ("softmax_window-inl.h", "octaves - static_cast<float>(kHeadroom)", "octaves"),
    ("softmax_window-inl.h", "return x < lowest || (", "return x < 0.0f || ("),
    ("softmax_window-inl.h", "1 - kWindow <= rise && rise <= -1", "rise <= -1"),
    ("softmax_window-inl.h", "1 - kWindow <= rise && rise <= -1", "1 - kWindow <= rise"),
    ("window_numerators-inl.h", "if constexpr (kNeedsMax) max.Add(x); return x;", "return x;"),
    ("window_numerators-inl.h", "lanes.AddUnlessLess(eighths, x, exp.LowestArgument());", ""),
    ("window_numerators-inl.h", "lanes.Add(eighths);", ""),
    ("window_numerators-inl.h", "if constexpr (kNeedsMax) max.Add(x); return ExpInWindow", "return ExpInWindow"),
    ("window_numerators-inl.h", "return KeepFirst(result, count);", "return result;"),
    ("softmax_sweep-inl.h", "StoreFour(quotient, to + i, 16);", "StoreFour(quotient, to, 16);"),
    ("softmax_sweep-inl.h", "Store(quotient, to + i);", "void();"),
    ("softmax_sweep-inl.h", "StoreFirst(Quotient(waiting), to + i, count);", ""),
    ("softmax_sweep-inl.h", "HWY_MIN(full, waiting.n / kSumBlock * kSumBlock)", "waiting.n / kSumBlock * kSumBlock"),
    ("softmax_sweep-inl.h", "add_blocks(start, full, terms);", ""),
    ("softmax_sweep-inl.h", "AddLast(blocks, start, terms, sum);", ""),
    ("softmax_sweep-inl.h", "numerators.Write(i, result);", ""),
    ("softmax_sweep-inl.h", "Store(quotient.b, to + i + 16);", ""),
    ("softmax_window-inl.h", "Add(const Two& eighths) { Add(eighths.a); Add(eighths.b);", "Add(const Two& eighths) { Add(eighths.a);"),
    ("softmax_window-inl.h", "AddUnlessLess(eighths.b, x.b, lowest); } HWY_INLINE void AddUnlessLess(const Four&", "} HWY_INLINE void AddUnlessLess(const Four&"),
    ("max-inl.h", "Add(const Two& x) { Add(0, x.a); Add(1, x.b);", "Add(const Two& x) { Add(0, x.a);"),
    ("max-inl.h", "max.Add(InRegisters(LoadFour(ahead + i, 16)));", ""),
    ("max-inl.h", "max.Add(Load(ahead + i));", ""),
    ("max-inl.h", "max.Add(LoadFirst(ahead + i, count, Set(-kInfinity)));", ""),
    # log_softmax_pipeline-inl.h
    ("log_softmax_pipeline-inl.h", "StoreFour(before.log.Subtract(from), before.to + i, 16);", ""),
    ("log_softmax_pipeline-inl.h", "Store(before.log.Subtract(Load(before.from + i)), before.to + i);", ""),
    ("log_softmax_pipeline-inl.h", "StoreFirst(before.log.Subtract(from), before.to + i, count);", ""),
    ("log_softmax_pipeline-inl.h", "AddTerms<true>(n, TermsAndMax", "AddTerms<false>(n, TermsAndMax"),
    ("log_softmax.cc", "if (is_waiting) before.Write(n); if (IsFinite(max))", "if (IsFinite(max))"),
    ("log_softmax.cc", "max = next_max; } if (is_waiting) before.Write(n);", "max = next_max; }"),
    ("log_softmax.cc", "is_waiting && row.plan.as_is", "is_waiting"),
    ("log_softmax.cc", "if (!is_waiting) before.Write(n);", ""),
    # stages-inl.h
    ("stages-inl.h", "upper = BeginStage(terms.Exp(), next.c, next.d); terms.Write(start + kSumBlock / 2, second);", "upper = BeginStage(terms.Exp(), next.c, next.d);"),
    ("stages-inl.h", "lower = BeginStage(terms.Exp(), next.a, next.b); terms", "terms"),
    ("stages-inl.h", "upper = BeginStage(terms.Exp(), next.c, next.d); terms", "upper = BeginStage(terms.Exp(), next.d, next.c); terms"),
    ("stages-inl.h", "const Two second = terms.End(upper); terms.Write(start, first); terms.Write(start + kSumBlock / 2, second);", "const Two second = terms.End(upper); terms.Write(start, first);"),
    ("stages-inl.h", "if (i != n) terms.First(i, n - i);", ""),
    ("stages-inl.h", "WriteLast(full, n, terms);", ""),
    # guessed_groups-inl.h
    ("guessed_groups-inl.h", "are_within = hn::And(are_within, hn::Ge(sum, hn::Set(d, least)));", ""),
    ("guessed_groups-inl.h", "are_within = hn::And(are_within, hn::Le(sum, hn::Set(d, most)));", ""),
    ("guessed_groups-inl.h", "const VD sum = hn::Load(d, sums + r);", "const VD sum = hn::Load(d, sums);"),
    ("guessed_groups-inl.h", "AreWithin(group.Sums(), LeastSum(n), kMostSum)", "true"),
    ("softmax_window-inl.h", "static_cast<double>(n) * kMinPeak", "0.0"),
    ("guessed_groups-inl.h", "is_good = group.template SumInWindow<false>(n, window, before);", "group.template SumInWindow<false>(n, window, before); is_good = true;"),
    ("guessed_groups-inl.h", "if (before != nullptr) before->Write(n); if", "if"),
    ("guessed_groups-inl.h", "if (!is_summed) fallback(r, count);", ""),
    ("guessed_groups-inl.h", "is_summed = AreWithin(group.Sums(), 0.0, kMostSum);", "is_summed = true;"),
    ("attention_group-inl.h", "(options, scores, r), 0}", "(options, scores, 0), 0}"),
    ("attention_group-inl.h", "(!HasBias(options) || options.bias.stride == cols) &&", ""),
    ("attention_group-inl.h", "&& (!HasKeep(options) || options.keep.stride == cols)", ""),
    ("attention_group-inl.h", "scores.stride == cols &&", ""),
    ("attention_group-inl.h", "options.sinks == nullptr && ", ""),
    ("attention_group-inl.h", " && !KeyRange::MayBePart(options)", ""),
    ("attention_softmax.cc", "one.bias = options.bias.Slice(r, 1)", "one.bias = options.bias.Slice(0, 1)"),
    ("attention_softmax.cc", "one.keep = options.keep.Slice(r, 1)", "one.keep = options.keep.Slice(0, 1)"),
    ("guessed_groups-inl.h", "before == &groups[0] ? groups[1] : groups[0]", "groups[0]"),
    ("guessed_groups-inl.h", "has_lines && y.cols", "y.cols"),
    ("guessed_groups-inl.h", "y.stride % kLine == 0 && y.cols % kLine == 0", "y.cols % kLine == 0"),
    ("guessed_groups-inl.h", "y.stride % kLine == 0 && y.cols % kLine == 0", "y.stride % kLine == 0"),
    ("softmax_short-inl.h", "may_have_tiny_ = !AreUsual(sums_);", "may_have_tiny_ = false;"),
    ("softmax_short-inl.h", "may_have_tiny_ = true; } template", "may_have_tiny_ = false; } template"),
    ("softmax_short-inl.h", "return lanes.IsInside();", "return true;"),
    ("softmax_short-inl.h", "for (; r < before.y_.rows; ++r) {", "for (; r + 1 < before.y_.rows; ++r) {"),
    ("softmax_short-inl.h", "for (size_t r = 0; r < y_.rows; ++r, from += stride_) {", "for (size_t r = 0; r + 1 < y_.rows; ++r, from += stride_) {"),
    ("softmax_short-inl.h", "return x.stride == x.cols;", "return true;"),
    ("softmax_short-inl.h", "if (i != n) max = hn::Max(max, logits.First(i, n - i));", ""),
    ("softmax_short-inl.h", "is_direct = FindOffset(maxima, parts_, offset) && is_direct;", "is_direct = FindOffset(maxima, parts_, offset);"),
    ("softmax_short-inl.h", "stride_before = before.stride_", "stride_before = stride_"),
    ("softmax_short-inl.h", "logits_.Of(x_.Row(r), first_ + r)", "logits_.Of(x_.Row(r), first_)"),
    ("softmax_sweep-inl.h", "DivideFrom(start, waiting);", "waiting.n = 0;"),
    ("sum-inl.h", "for (; n - start - i >= kLanes; i += kLanes)", "for (; n - start - i > kLanes; i += kLanes)"),
    ("sum-inl.h", "Store(terms.First(start + i, count), block + i);", "Store(Set(0.0f), block + i);"),
    ("softmax_window-inl.h", "kMinPeak = 0x1p3", "kMinPeak = 0x1p-90"),
    ("softmax_pipeline-inl.h", "sum > kMaxSumWithoutTiny", "false"),
    ("softmax_pipeline-inl.h", "sum > kMaxSumWithoutTiny", "swept.sum > kMaxSumWithoutTiny"),
    ("softmax_pipeline-inl.h", "if (slot.has_tiny) Divide(slot, {}); const Swept", "const Swept"),
    ("softmax_pipeline-inl.h", "if (HWY_UNLIKELY(!swept.is_inside)) {", "if (false) {"),
    ("softmax_pipeline-inl.h", "&& !is_final", ""),
    ("softmax_window-inl.h", "is_usable_ = parts_.unit == 1.0 &&", "is_usable_ ="),
    ("softmax_pipeline-inl.h", "sink != -kInfinity && !window.Holds(sink, parts_)", "false"),
    ("softmax_pipeline-inl.h", "sink > swept.max ? sink : swept.max", "swept.max"),
    ("softmax_pipeline-inl.h", "sink > row_max ? sink : row_max", "row_max"),
    ("softmax_pipeline-inl.h", "sum += hn::GetLane(window.Exp(parts_)(Set(sink)));", ""),
    ("softmax_pipeline-inl.h", "if (sum != sum) return", "if (false) return"),
    ("softmax_pipeline-inl.h", "for (Waiting& slot : waiting_) Divide(slot, {});", "Divide(waiting_[0], {});"),
    ("waiting_rows-inl.h", "r % 3 * kMinNextCols", "r % 2 * kMinNextCols"),
    ("waiting_rows-inl.h", "r % 2 * kMaxStreamedCols", "0"),
    ("waiting_rows-inl.h", "n > kMaxStreamedCols) return to;", "false) return to;"),
    # softmax_run-inl.h
    ("softmax_run-inl.h", "if (slot.n != 0 && slot.has_tiny) return {r, true, last_sum};", ""),
    ("waiting_rows-inl.h", "if (row.has_tiny) {", "if (false) {"),
    ("softmax_run-inl.h", "total > kMaxSumWithoutTiny", "false"),
    ("softmax_run-inl.h", "is_last ? next_logits.FourOf(0) : terms", "is_last ? terms.X(0) : terms"),
    ("softmax_run-inl.h", "AddShortLast(full, n, numerators, sum);", ""),
    ("softmax_run-inl.h", "AddLast(full, n, dividing, sum);", ""),
    ("softmax_run-inl.h", "if (!lanes.IsInside() || !is_enough) return", "if (!is_enough) return"),
    ("softmax_run-inl.h", "if (!lanes.IsInside() || !is_enough) return", "if (!lanes.IsInside()) return"),
    ("softmax_run-inl.h", "row = next;", ""),
    ("softmax_pipeline-inl.h", "if (!source_.MayRun() || logsumexp_ != nullptr) return false;", "if (!source_.MayRun()) return false;"),
    ("attention_source-inl.h", "return !has_ranges && options.sinks == nullptr &&", "return options.sinks == nullptr &&"),
    ("attention_source-inl.h", "return !has_ranges && options.sinks == nullptr &&", "return !has_ranges &&"),
    ("softmax.cc", "empty_row == EmptyRow::kZero", "empty_row == EmptyRow::kNan"),
    ("max-inl.h", "-kInfinity < v && v < kInfinity", "v < kInfinity"),
    ("softmax_row-inl.h", "0x1.8p52) - 0x1.8p52", "0x1.8p50) - 0x1.8p50"),
    ("softmax.cc", "const float max = MaxOf<LaneNaN>(x, n);", "const float max = MaxOf<IgnoreNaN>(x, n);"),
    ("softmax.cc", "if (sum == sum) {", "if (true) {"),
    # softmax_tile-inl.h, transpose-inl.h
    ("softmax_group-inl.h", "if (r + 1 < count) {", "if (r < count) {"),
    ("softmax_group-inl.h", "return hn::AllTrue(F32(), direct);", "return true;"),
    ("softmax_tile-inl.h", "if (i + 32 >= n)", "if (i + 32 > n)"),
    ("softmax_tile-inl.h", "for (size_t i = 0; i < n - 16; ++i)", "for (size_t i = 0; i + 1 < n - 16; ++i)"),
    ("softmax_tile-inl.h", "Store(Load(Column(i)), folded_ + i * kLanes);", ""),
    ("softmax_tile-inl.h", "if (i + 48 < n)", "if (i + 49 < n)"),
    ("softmax_tile-inl.h", "n <= kSumLanes ? FoldColumns", "n <= kSumLanes + 1 ? FoldColumns"),
    ("softmax_tile-inl.h", "for (size_t c = n; c < end; ++c) Store(Set(0.0f), Column(c));", ""),
    ("tile_columns-inl.h", "hn::Max(max, hn::Max(MaxOfFour(left), MaxOfFour(right)))", "hn::Max(max, MaxOfFour(left))"),
    ("tile_columns-inl.h", "max = hn::Max(max, MaxOfFour(columns));", ""),
    ("tile_columns-inl.h", "const size_t at = HWY_MIN(c, n - 4);", "const size_t at = c;"),
    ("tile_columns-inl.h", "for (; n - c >= 8; c += 8)", "for (; n - c >= 4; c += 8)"),
    ("tile_columns-inl.h", "for (size_t c = n; c < 16 * count; ++c)", "for (size_t c = n; c + 1 < 16 * count; ++c)"),
    ("tile_columns-inl.h", "hn::IfThenElse(is_top_only, top_only,", "hn::IfThenElse(hn::Eq(sum, hn::Zero(d)), top_only,"),
    ("tile_columns-inl.h", "hn::IfThenElse(hn::Eq(sum, sum), log, sum)", "log"),
    ("log_softmax_tile-inl.h", "hn::DemoteTo(half, low)", "hn::Zero(half)"),
    ("tile_columns-inl.h", "if (n <= kSumLanes) return Promote(Column(i));", ""),
    ("tile_columns-inl.h", "for (size_t c = i + kSumBlock; c < n;", "for (size_t c = i + kSumBlock; c + 1 < n;"),
    ("tile_columns-inl.h", "if (count > 3) second", "if (count > 4) second"),
    ("softmax_group-inl.h", "ToFloats(lower_head, upper_head)", "ToFloats(lower_head, lower_head)"),
    ("softmax_group-inl.h", "groups[r / kLanes % 3]", "groups[r / kLanes % 2]"),
    # group_rows-inl.h, fold_rows-inl.h
    ("group_rows-inl.h", "KeepFirst(Load(terms + (k16s - 1) * 16), count)", "Load(terms + (k16s - 1) * 16)"),
    ("group_rows-inl.h", "if constexpr (k16s == 3) return hn::Add(sum, last);", "if constexpr (k16s == 3) return hn::Add(Load(terms), hn::Add(Load(terms + 16), last));"),
    ("group_rows-inl.h", "HWY_MIN(k * kLanes, count)", "0"),
    ("group_rows-inl.h", "const StoredRows<F64> rows{lanes_ + r * kF64Lanes};", "const StoredRows<F64> rows{lanes_};"),
    ("group_rows-inl.h", "for (size_t i = 0; i != full; i += kSumBlock, terms += kSumBlock) {", "for (size_t i = 0; i != full; i += full, terms += full) {"),
    ("fold_rows-inl.h", "hn::Shuffle2301(hn::OddEven(a, b))", "hn::OddEven(a, b)"),
    ("fold_rows-inl.h", "CombineShiftRightBytes<8>(d, b, a)", "CombineShiftRightBytes<8>(d, a, b)"),
    ("group_rows-inl.h", "row.Write(HWY_MIN(i + k, end));", "row.Write(i + k);"),
    ("group_rows-inl.h", "row.Write(end); }", "}"),
    ("group_rows-inl.h", "const VF numerators = KeepFirst(Load(from), parts.n);", "const VF numerators = Load(from + 1);"),
    # large_sum-inl.h, softmax_large-inl.h, stream-inl.h
    ("large_sum-inl.h", "sum.Multiply(PowerOfTwo(plan.offset - next.offset));", ""),
    ("large_sum-inl.h", "next.as_is)) {", "true)) {"),
    ("softmax_large-inl.h", "StoreSome(probs, y, 0, range.begin);", ""),
    ("stream-inl.h", "StoreSome(terms, to, 0, range.begin);", ""),
    ("stream-inl.h", "kMaxCached / matrices / cols", "kMaxCached / (matrices * cols)"),
    ("stream-inl.h", "i < end; i += kLanes", "i + kLanes < end; i += kLanes"),
    ("stream-inl.h", "StoreSome(terms, to, range.lines_end, n);", ""),
    ("stream-inl.h", "HWY_MIN((kLine - past) % kLine, n)", "0"),
    ("transpose-inl.h", "to + kHalf, c", "to, c"),
    ("transpose-inl.h", "from[4 * b] + c", "from[4 * b - 1] + c"),
    ("transpose-inl.h", "ScatterBlocks(rows.d, to + 3, c);", ""),
    # softmax_backward.cc
    ("softmax_backward.cc", "-0.5 * dot", "0.5 * dot"),
    ("softmax_backward.cc", "Store(before.One(i), dx + i);", ""),
    ("softmax_backward.cc", "StoreFirst(before.First(i, count), dx + i, count);", ""),
    ("softmax_backward.cc", "before.FourOf(i, 16)", "before.FourOf(i)"),
    ("softmax_backward.cc", "dots{p.Row(r + 1), dp.Row(r + 1)}", "dots{p.Row(r), dp.Row(r)}"),
    ("softmax_backward_group-inl.h", "p.cols > kVectors * kLanes || p.cols == kSumBlock", "p.cols > kVectors * kLanes + 1"),
    ("softmax_backward_group-inl.h", "second = hn::Add(second, Term(terms, k + 3 * kStep));", ""),
    ("softmax_backward_row-inl.h", "Set(0.5f)", "Set(0.25f)"),
    ("softmax_backward_row-inl.h", "hn::Mul(p, scale)", "p"),
    ("softmax_backward_row-inl.h", "return hn::Add(product, product);", "return product;"),
    ("softmax_backward_group-inl.h", "hn::Add(sums, hn::Zero(F64()))", "sums"),
    ("softmax_backward_group-inl.h", "k + kHalf >= kVectors", "k + kHalf + 1 >= kVectors"),
    ("softmax_backward_group-inl.h", "hn::FirstN(d, kLanes / 2), hn::Set(d, 1)", "hn::FirstN(d, kLanes / 2), hn::Set(d, 0)"),
    ("softmax_backward_group-inl.h", "r % 2 == 0 ? Lower(terms) : Upper(terms)", "Lower(terms)"),
    ("softmax_backward_group-inl.h", "vector + 1 == kVectors", "vector == kVectors"),
    # log_softmax.cc, log_softmax_backward.cc, softmax_jacobian.cc
    ("log_softmax.cc", "SumTerms<true>", "SumTerms<false>"),
    ("log_softmax.cc", "x.Slice(r, count), logsumexp + r", "x.Slice(r, count), logsumexp"),
    ("log_softmax.cc", "LogSoftmaxSpecialRow(x.Row(r), y.Row(r), x.cols", "LogSoftmaxSpecialRow(x.Row(r), y.Row(0), x.cols"),
    ("tile_columns-inl.h", "all[rows_.first + r]", "all[r]"),
    ("tile_columns-inl.h", "logs[r] + 0.0", "logs[r]"),
    ("log_probabilities-inl.h", "return MinKeepNaN(Set(0.0f), log);", "return log;"),
    ("log_probabilities-inl.h", "Set(static_cast<float>(log_sum - high_sum))", "Set(0.0f)"),
    ("log_probabilities-inl.h", "parts.scale < 1.0 && is_shifted ? 0.5 : 1.0", "1.0"),
    ("log_softmax.cc", "row.log_sum + row.plan.scaled_shift", "row.log_sum"),
    ("log_softmax_backward.cc", "sum * kOverSoftmaxFactor", "sum"),
    ("log_softmax_backward.cc", "hn::Mul(scale_, Fnma(p, sum_, d))", "Fnma(p, sum_, d)"),
    ("softmax_jacobian.cc", "Fnma(diagonal, diagonal, diagonal)", "hn::Sub(diagonal, hn::Mul(diagonal, diagonal))"),
    # cross_entropy
    ("cross_entropy_tile-inl.h", "numerator = 0.0f;", ""),
    ("cross_entropy_tile-inl.h", "sums_[r] += label_[r];", ""),
    ("cross_entropy_tile-inl.h", "hn::Gt(label, others)", "hn::Lt(label, others)"),
    ("cross_entropy_tile-inl.h", "if (rows[r].is_ignored) rows_.from[r] = counted;", ""),
    ("cross_entropy_tile-inl.h", "if (rows[r].is_ignored) {\n        Fill", "if (false) {\n        Fill"),
    ("cross_entropy_tile-inl.h", "first + HWY_MIN(r, count - 1)", "first"),
    ("cross_entropy_tile-inl.h", "if (!is_number) return {kNaN, kNaN, kNaN, kNaN};", ""),
    ("cross_entropy_tile-inl.h", "row_dx[rows[r].label] = static_cast<float>(label_gradients[r]);", ""),
    ("cross_entropy_loss-inl.h", "kMaxSeries = 0x1p-10", "kMaxSeries = 0x1p-2"),
    ("cross_entropy_loss-inl.h", "{1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.0, 1.0}", "{1.0 / 4.0, 1.0 / 3.0, 1.0 / 2.1, 1.0}"),
    ("cross_entropy.cc", "loss_.smoothing == 0.0 && ", ""),
    ("cross_entropy.cc", "loss_.parts.unit == 1.0 && ", ""),
    ("cross_entropy_row-inl.h", "hn::IfThenZeroElse(is_hole, v)", "v"),
    ("cross_entropy_loss-inl.h", "if (row.label > row.others) return", "if (false) return"),
    ("cross_entropy_row-inl.h", "return KeepFirst(q, count);", "return q;"),
    ("cross_entropy_row-inl.h", "Fma(x, Set(kUnit), minus_max_)", "hn::Mul(hn::Sub(x, max_), Set(kUnit))"),
    ("cross_entropy_loss-inl.h", "2.0 * options.z_loss * lse", "options.z_loss * lse"),
    ("cross_entropy_loss-inl.h", "share_sums.total - loss.smoothing * weight", "share_sums.total"),
    ("cross_entropy.cc", "if (IsMean()) upstream_ /= divisor_;", ""),
    ("cross_entropy.cc", "counted_ == 0 && options_.zero_if_all_ignored", "counted_ == 0"),
    ("cross_entropy.cc", "if (HasGradient()) Fill(dx, x.cols, 0.0f);", ""),
    ("cross_entropy.cc", "is_weighted ? double{options_.class_weights[call.Label(r)]} : 1.0", "1.0"),
    ("cross_entropy_api.cc", "static_cast<uint64_t>(label) >= x.cols", "static_cast<uint64_t>(label) > x.cols"),
    ("cross_entropy_api.cc", "label < 0 ||", ""),
    ("cross_entropy_api.cc", "smoothing <= one", "true"),
    ("cross_entropy_api.cc", "inputs.Add(labels);", ""),
    # attention
    ("attention_logits-inl.h", "return kMasks == Masks::kAny && keep_ != nullptr;", "return false;"),
    ("attention_logits-inl.h", "bias_ != nullptr : kMasks == Masks::kBias;", "bias_ != nullptr : false;"),
    ("attention_logits-inl.h", "keys < end", "keys + 1 < end"),
    ("attention_logits-inl.h", "query - window + 1", "query - window"),
    ("attention_logits-inl.h", "if (has_alibi_) z = AddAlibi(z, c); if (bias_ != nullptr) z = hn::Add(z, Load(", "if (bias_ != nullptr) z = hn::Add(z, Load("),
    ("attention_logits-inl.h", "return Fma(slope_, position, z);", "return hn::Add(hn::Mul(slope_, position), z);"),
    ("attention_logits-inl.h", "hn::IfThenElse(hn::FirstN(F32(), count), z, Set(kMinusInfinity))", "z"),
    ("tanh-inl.h", "Set(0.5625f)", "Set(0.7f)"),
    ("tanh-inl.h", "hn::CopySign(large, t)", "large"),
    ("tanh-inl.h", "Set(-0x1.555548p-2f)", "Set(-0x1.554p-2f)"),
    ("attention_source-inl.h", "is_masked ? 0.0f : kNaN", "kNaN"),
    ("attention_source-inl.h", "(keep != nullptr && keep[i] == 0) ||", ""),
    ("attention_source-inl.h", "&& place[i] == place[i]", ""),
    ("attention_source-inl.h", "Fill(probs.Row(r), scores.cols, kNaN);", "Fill(row.to, row.n, kNaN);"),
    ("attention_source-inl.h", "FillZero(to, keys.begin, is_streamed);", ""),
    ("attention_source-inl.h", "FillZero(to + keys.end, scores.cols - keys.end, is_streamed);", ""),
    ("attention_softmax_backward.cc", "return WhereNotZero(p, v); }, p, v);", "return v; }, p, v);"),
    ("attention_softmax_backward.cc", "StreamTerms(gradients, to + begin, n, next);", "StreamTerms(gradients, to, n, next);"),
    ("attention_softmax_backward.cc", "FillZero(to + keys.end, cols - keys.end, kStream);", ""),
    ("log_softmax_backward.cc", "terms{gradient, log_p.Row(r), d.Row(r)}", "terms{gradient, log_p.Row(r), d.Row(0)}"),
    ("log_softmax_backward.cc", "StreamTerms(terms, dx.Row(r), n, next);", ""),
    ("attention_softmax_backward.cc", "tanh.Derivative(t)", "Set(1.0f)"),
    ("attention_softmax_backward.cc", "-ExpOf(log_p) * dot", "ExpOf(log_p) * dot"),
    ("attention_check.h", "static_cast<size_t>(length) > scores.cols", "false"),
    ("attention_check.h", "options.window < 0", "false"),
    ("softmax_backward.cc", "LoadFirst(p + i, count, zero)", "LoadFirst(p + i, count, Set(1.0f))"),
    # vector-inl.h
    ("vector-inl.h", "hn::Max(bound, x);", "hn::Max(x, bound);"),
    ("vector-inl.h", "hn::Min(bound, x);", "hn::Min(x, bound);"),
    ("soft_fma.h", "half_way || subnormal", "subnormal"),
    ("soft_fma.h", "half_way || subnormal", "half_way"),
    ("soft_fma.h", "(error > 0.0) == (sum > 0.0)", "error > 0.0"),
    ("vector-inl.h", "return hn::MulAdd(a, b, c);", "return hn::Add(hn::Mul(a, b), c);"),
    ("vector-inl.h", "return hn::NegMulAdd(a, b, c);", "return hn::Sub(c, hn::Mul(a, b));"),
    ("vector-inl.h", "hn::BlendedStore(v, hn::FirstN(F32(), count), F32(), to);", "Store(v, to);"),
    ("vector-inl.h", "hn::MaskedLoad(mask, F32(), from)", "Load(from)"),
    # log-inl.h
    ("log-inl.h", "1.0 / 3.0", "1.0 / 3.1"),
    ("log-inl.h", "0x3FE6A09E667F3BCDu", "0x3FF6A09E667F3BCDu"),
    # check.h
    ("check.h", "view.stride < view.cols", "view.stride <= view.cols"),
    ("check.h", "if (view.begin == 0)", "if (false)"),
    ("check.h", "view.cols > limit", "false"),
    ("check.h", "view.stride > (limit - view.cols) / (view.rows - 1)", "false"),
    ("check.h", "offset < a.row_bytes || offset + b.row_bytes > stride", "offset < a.row_bytes"),
    ("check.h", "offset < a.row_bytes || offset + b.row_bytes > stride", "offset + b.row_bytes > stride"),
    ("check.h", "a.End() <= b.begin || b.End() <= a.begin", "a.End() < b.begin || b.End() < a.begin"),
    ("check.h", "|| out.rows <= 1", "|| false"),
    ("check.h", "if (SharesElement(out, in)) return Status::kOverlap;", ""),
    ("check.h", "a.cols == b.cols", "true"),
    ("check.h", "bits > 0 && bits < 0x7F800000u", "bits < 0x7F800000u"),
    ("check.h", "bits > 0 && bits < 0x7F800000u", "bits > 0 && bits <= 0x7F800000u"),
    # fp_environment.h
    ("fp_environment.h", "_mm_setcsr(0x1F80);", "_mm_setcsr(0x9F80);"),
    ("fp_environment.h", "{ _mm_setcsr(0x1F80); }", "{}"),
    ("fp_environment.h", "{ _mm_setcsr(control_); }", "{}"),
    # dispatch.cc
    ("dispatch.cc", "return detected & Bit(target) ? target : Target::kAuto;", "return target;"),
    ("dispatch.cc", "{Target::kAvx512, Target::kAvx2,", "{Target::kAvx2, Target::kAvx512,"),
    ("dispatch.cc", "if (!target || !(targets & Bit(*target))) return Target::kAuto;",
     "if (!target || !(targets & Bit(*target))) return BestOf(targets);"),
    ("dispatch.cc", "constexpr uint32_t kFmaOsxsaveAvxF16c = Bit(12) |", "constexpr uint32_t kFmaOsxsaveAvxF16c ="),
]

# Mutants that change nothing that can be seen, and why.
EQUIVALENT = {
    ("kHeadroom = 4.0", "kHeadroom = 3.0"): "another power of two in all numerators of a row",
    ("LoadFirst(p + i, count, zero)", "LoadFirst(p + i, count, Set(1.0f))"):
        "the other factor is 0 there",
    ("i + kLanes <= count", "i + kLanes < count"): "a full vector taken as a partial one",
    ("if (n <= kSumLanes) return Promote(Column(i));", ""): "columns of +0 are added",
    ("hn::Eq(x, x)", "hn::Ge(x, x)"): "both are false for NaN only",
    ("hn::Lt(numerator, least)", "hn::Le(numerator, least)"):
        "the threshold lies above 2^-126 of the sum by 2^-20; on it both are allowed",
}

TESTS = ("attention_softmax|attention_softmax_backward|cross_entropy.*|large_batches|large_rows|long_rows|log_softmax.*|softmax_jacobian|"
         "softmax_axis|softmax_topk|exp|reduce|softmax|softmax_backward|arguments|exact_rows|fp_environment|layout|memory|same_bits|row_order|semantics|soft_fma|target|widest_rows|target_environment_.*|cpu_models")


def pattern(text):
    """Finds the text with any white space between its words."""
    return re.compile(r"\s+".join(re.escape(word) for word in text.split()))


def run(command, directory, **environment):
    return subprocess.run(command, cwd=directory, env={**os.environ, **environment},
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def main():
    source = pathlib.Path(__file__).resolve().parent.parent
    work = pathlib.Path(sys.argv[1]).resolve()
    names = sys.argv[2:]
    if not work.exists():
        shutil.copytree(source, work, ignore=shutil.ignore_patterns("build*", ".git"))
        run(["cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release",
             "-DSOFTLANE_BUILD_BENCH=OFF", "-DSOFTLANE_INSTALL=OFF"], work)
    for file, old, _ in MUTANTS:
        count = len(pattern(old).findall((source / "lib" / file).read_text()))
        if count != 1:
            sys.exit(f"{count} times in {file}: {old}")
    survivors = killed = equivalent = 0
    for number, (file, old, new) in enumerate(MUTANTS, 1):
        if names and not any(name in file for name in names):
            continue
        path = work / "lib" / file
        text = (source / "lib" / file).read_text()
        path.write_text(pattern(old).sub(lambda _: new, text, count=1))
        build = run(["cmake", "--build", "build"], work)
        if build.returncode != 0:
            verdict = "killed by the compiler"
        else:
            test = run(["ctest", "--test-dir", "build", "--stop-on-failure", "-j2", "--timeout", "120",
                        "-R", f"^({TESTS})$"], work, SOFTLANE_ROWS="2000", SOFTLANE_MEMORY_STEP="23")
            failed = re.findall(r"\d+ - (\S+) \(", test.stdout)
            verdict = "killed by " + ", ".join(failed) if failed else "SURVIVED"
        reason = EQUIVALENT.get((old, new))
        if verdict == "SURVIVED" and reason:
            verdict = "equivalent: " + reason
        survivors += verdict == "SURVIVED"
        killed += verdict.startswith("killed")
        equivalent += verdict.startswith("equivalent")
        print(f"{number:3} {file}: {old[:40]} -> {new[:40]}: {verdict}", flush=True)
        path.write_text(text)
    print(f"{killed} killed, {equivalent} equivalent, {survivors} survived")
    return survivors != 0


if __name__ == "__main__":
    sys.exit(main())
