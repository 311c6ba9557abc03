# SPDX-License-Identifier: Apache-2.0
# ns per element over row length: a line per instruction set, for the naive loop, and for
# the fastest peer where peers were timed.
#   gnuplot -e "data='FILE'; kernel='softmax/f32'; output='softmax'" times.gp
# reads what softlane_bench --plot_data=FILE wrote; writes softmax.svg and softmax.png.

# Data sets are named in a comment: # <kernel>/<dtype>/<line>
variants = system(sprintf("sed -n 's|^# %s/||p' '%s'", kernel, data))
if (words(variants) == 0) exit error "no such kernel in the data: ".kernel

color(v) = v eq "avx512" ? "#0b61a4" : v eq "avx2" ? "#e07b00" : \
           v eq "neon" ? "#2e8b57" : v eq "baseline" ? "#8e6bb0" : \
           v eq "peer" ? "#c2185b" : "#777777"
label(v) = v eq "naive" ? "naive loop" : v eq "peer" ? "fastest peer" : v

stats data using 1 nooutput
highest_cols = STATS_max

set title sprintf("%s: time per element, one thread (lower is better)", kernel) noenhanced
set xlabel "columns (row length)"
set ylabel "ns per element"
set logscale x 2
set logscale y 10
set format x "%.0f"
set xtics ("8" 8, "32" 32, "128" 128, "512" 512, "2 Ki" 2048, "8 Ki" 8192, \
           "32 Ki" 32768, "128 Ki" 131072, "512 Ki" 524288, "2 Mi" 2097152, \
           "8 Mi" 8388608)
set grid xtics ytics mytics lt 1 lc rgb "#e4e4e4"
set border 3 lc rgb "#555555"
set tics nomirror
set key outside top center horizontal maxrows 2 samplen 2
set xrange [7:highest_cols * 1.3]

file = output
do for [terminal_name in "svg png"] {
  if (terminal_name eq "svg") {
    set terminal svg size 900,540 font "sans-serif,15" background "white"
  } else {
    set terminal pngcairo size 900,540 font "sans,12" background "white"
  }
  set output file.".".terminal_name
  plot for [v in variants] data index kernel."/".v using 1:2 \
         with linespoints lw 2.5 pt 7 ps 0.6 lc rgb color(v) title label(v), \
       data index "copy/f32/memcpy" using 1:2 \
         with lines lw 2 dt 2 lc rgb "#222222" title "copy (memcpy)"
}
