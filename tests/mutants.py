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
    ("exp-inl.h", "0x3F8B3A3E, 0", "0x3F8B3A3F, 0"),
    ("exp-inl.h", "0x3FB48E45, 3", "0x3FB48E46, 3"),
    ("exp-inl.h", "0x3FFF5829, 7", "0x3FFF5828, 7"),
    ("exp-inl.h", "float_bits - (j << 20)", "float_bits - (j << 19)"),
    ("exp-inl.h", "ShiftLeft<20>", "ShiftLeft<21>"),
    ("exp-inl.h", "0x1.71547652b82fep0", "0x1.71547652c82fep0"),
    ("exp-inl.h", "0x1.62e42fefa39efp-1", "0x1.62e430p-1"),
    ("exp-inl.h", "0x1.5863538c74e7fp-4", "0x1.58636p-4"),
    ("exp-inl.h", "constexpr float kMagic = 0x1.8p20f", "constexpr float kMagic = 0x1.8p21f"),
    ("exp-inl.h", "Fnma(x, l_lo, Fnma(x, l_hi, whole))", "Fnma(x, l_hi, whole)"),
    ("exp-inl.h", "MaxKeepNaN(lowest_, x)", "hn::Max(x, lowest_)"),
    ("exp-inl.h", "MaxKeepNaN(lowest_, x)", "x"),
    ("exp-inl.h", "return Fnma(power, hn::Mul(p, minus_f), power);",
     "return hn::Sub(power, hn::Mul(power, hn::Mul(p, minus_f)));"),
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
    ("exp.cc", "x.cols - i >= kLanes", "x.cols - i > kLanes + 1"),
    ("exp.cc", "to + i, rest);", "to + i, rest - 1);"),
    ("exp.cc", "float* to = y.Row(r);", "float* to = y.data + r * x.cols;"),
    # sum-inl.h
    ("sum-inl.h", "hn::Add(hn::Add(a, b), hn::Add(c, d))", "hn::Add(hn::Add(hn::Add(a, b), c), d)"),
    ("sum-inl.h", "hn::Add(hn::Add(a, b), hn::Add(c, d))", "hn::Add(hn::Add(a, c), hn::Add(b, d))"),
    ("sum-inl.h", "const VF d = term(i + 48);", "const VF d = term(i + 32);"),
    ("sum-inl.h", "AddTo(k + 1, Upper(lower), Upper(upper));", "AddTo(k, Upper(lower), Upper(upper));"),
    ("sum-inl.h", "lanes_[k] = hn::Add(lanes_[k], sum);", "lanes_[k] = sum;"),
    ("sum-inl.h", "i + kLanes <= rest", "i + kLanes < rest"),
    ("sum-inl.h", "i + kLanes <= rest", "i <= rest"),
    ("sum-inl.h", "n - start >= kSumBlock", "n - start > kSumBlock"),
    # max-inl.h
    ("max-inl.h", "lanes_[k] = hn::Max(lanes_[k], x)", "lanes_[k] = hn::Min(lanes_[k], x)"),
    ("max-inl.h", "hn::Max(lanes_[2], lanes_[3])", "lanes_[2]"),
    ("max-inl.h", "Set(-kInfinity)));", "Set(0.0f)));"),
    ("max-inl.h", "if (i != n) add(1, ", "if (false) add(1, "),
    ("max-inl.h", "hn::And(ordered_[2], ordered_[3])", "ordered_[2]"),
    ("max-inl.h", "hn::Eq(x, x)", "hn::Ge(x, x)"),  # equivalent: see EQUIVALENT
    ("max-inl.h", "add(2, Load(x + i + 2 * kLanes));", "add(2, Load(x + i + kLanes));"),
    # reduce.cc
    ("reduce.cc", "x.cols) + 0.0f", "x.cols)"),
    ("reduce.cc", "MaxOf<LaneNaN>", "MaxOf<IgnoreNaN>"),
    # softmax.cc
    ("softmax_row-inl.h", "kHeadroom = 4.0", "kHeadroom = 3.0"),
    ("softmax_row-inl.h", "kHeadroom = 4.0", "kHeadroom = 0.0"),
    ("softmax_row-inl.h", "kDirectLimit = 4096.0", "kDirectLimit = 4e6"),
    ("softmax_row-inl.h", "kDirectLimit = 4096.0", "kDirectLimit = 16.0"),
    ("softmax_row-inl.h", "Set(125.75f)", "Set(140.75f)"),
    ("softmax_row-inl.h", "Set(125.75f)", "Set(110.75f)"),
    ("softmax_row-inl.h", "0x1.00001p-126", "0x1.00001p-120"),
    ("softmax_row-inl.h", "0x1.00001p-126", "0x1.00001p-130"),
    ("softmax_row-inl.h", "exponent < -60 || exponent > 60", "exponent < -60"),
    ("softmax_row-inl.h", "plan.shift = direct ? 0.0 : max;", "plan.shift = max;"),
    ("softmax_row-inl.h", "plan.shift = direct ? 0.0 : max;", "plan.shift = 0.0;"),
    ("softmax_row-inl.h", "(direct ? 0.0 : plan.scaled_max)", "0.0"),
    ("softmax_row-inl.h", "hn::Mul(hn::Sub(x, shift), unit)", "hn::Sub(x, shift)"),
    ("softmax_row-inl.h", "hn::Mul(kept, rest)", "Set(0.0f)"),
    ("softmax_row-inl.h", "return KeepFirst(numerator, count);", "return numerator;"),
    ("softmax_row-inl.h", "hn::Ge(numerator, least)", "hn::Gt(numerator, least)"),  # equivalent
    ("softmax_row-inl.h", "max_only ? plan.scaled_max", "false ? plan.scaled_max"),
    ("softmax.cc", "if (row.sum == row.sum) {", "if (true) {"),
    ("softmax.cc", "empty_row == EmptyRow::kZero", "empty_row == EmptyRow::kNan"),
    ("softmax.cc", "-kInfinity < max && max < kInfinity", "max < kInfinity"),
    ("softmax_row-inl.h", "0x1.8p52) - 0x1.8p52", "0x1.8p50) - 0x1.8p50"),
    ("softmax.cc", "const float max = MaxOf<LaneNaN>(x, n);", "const float max = MaxOf<IgnoreNaN>(x, n);"),
    ("softmax.cc", "r + 1 < x.rows", "r + 2 < x.rows"),
    # softmax_tile-inl.h, transpose-inl.h
    ("softmax_tile-inl.h", "HWY_MIN(c, n - 4)", "c"),
    ("softmax_tile-inl.h", "HWY_MIN(r, count - 1)", "r"),
    ("softmax_tile-inl.h", "if (!hn::AllTrue(F32(), direct)) return false;", ""),
    ("softmax_tile-inl.h", "i + 32 < rest", "i + 32 <= rest"),
    ("softmax_tile-inl.h", "i + 16 < rest", "i + 17 < rest"),
    ("softmax_tile-inl.h", "if (start != 0) sum =", "if (false) sum ="),
    ("softmax_tile-inl.h", "upper.head, lower.head", "lower.head, lower.head"),
    ("transpose-inl.h", "count > kHalf ? count - kHalf : 0", "count"),
    ("transpose-inl.h", "from[4 * b] + c", "from[4 * b - 1] + c"),
    ("transpose-inl.h", "count > k ? count - k : 0", "count"),
    # softmax_backward.cc
    ("softmax_backward.cc", "-0.5 * dot", "0.5 * dot"),
    ("softmax_backward.cc", "Set(0.5f)", "Set(0.25f)"),
    ("softmax_backward.cc", "hn::Mul(p, vscale)", "p"),
    ("softmax_backward.cc", "return hn::Add(product, product);", "return product;"),
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
    ("n - start >= kSumBlock", "n - start > kSumBlock"): "a full block taken as a partial one",
    ("AddTo(k + 1, Upper(lower), Upper(upper));", "AddTo(k, Upper(lower), Upper(upper));"):
        "another order of additions in double, which a result in float shows once in 2^27",
    ("i + kLanes <= rest", "i + kLanes < rest"): "a full vector taken as a partial one",
    ("hn::Eq(x, x)", "hn::Ge(x, x)"): "both are false for NaN only",
    ("hn::Ge(numerator, least)", "hn::Gt(numerator, least)"):
        "the threshold lies above 2^-126 of the sum by 2^-20; on it both are allowed",
}

TESTS = "exp|reduce|softmax|softmax_backward|arguments|exact_rows|fp_environment|layout|memory|same_bits|semantics|soft_fma|target|target_environment_.*|cpu_models"


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
        if not pattern(old).search((source / "lib" / file).read_text()):
            sys.exit(f"not in {file}: {old}")
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
