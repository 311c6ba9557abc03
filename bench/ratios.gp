# SPDX-License-Identifier: Apache-2.0
# The fastest peer's time over softlane's, over row length, a line per instruction set:
#   gnuplot -e "data='FILE'; kernel='softmax/f32'; output='softmax_ratios'" ratios.gp
# reads what softlane_bench --ratio_data=FILE wrote; writes softmax_ratios.svg and .png.

# Data sets are named in a comment: # <kernel>/<dtype>/<target>
targets = system(sprintf("sed -n 's|^# %s/||p' '%s'", kernel, data))
if (words(targets) == 0) exit error "no such kernel in the data: ".kernel

color(v) = v eq "avx512" ? "#0b61a4" : v eq "avx2" ? "#e07b00" : "#2e8b57"

lowest = 0.8
highest = 1.25
do for [t in targets] {
  stats data index kernel."/".t using 2 nooutput
  if (STATS_min < lowest) { lowest = STATS_min }
  if (STATS_max > highest) { highest = STATS_max }
}

set title sprintf("%s: times faster than the fastest peer (higher is better)", kernel) noenhanced
set xlabel "columns (row length)"
set ylabel "fastest peer's time / softlane's"
set logscale x 2
set logscale y 2
set format x "%.0f"
set xtics ("8" 8, "32" 32, "128" 128, "512" 512, "2 Ki" 2048, "8 Ki" 8192, \
           "32 Ki" 32768, "128 Ki" 131072, "512 Ki" 524288, "2 Mi" 2097152, \
           "8 Mi" 8388608)
set ytics ("1/4" 0.25, "1/2" 0.5, "0.7" 0.7, "0.85" 0.85, "1" 1, "1.2" 1.2, "1.4" 1.4, "2" 2, "3" 3, "4" 4, "6" 6, "8" 8, \
           "12" 12, "16" 16)
set grid xtics ytics lt 1 lc rgb "#e4e4e4"
set border 3 lc rgb "#555555"
set tics nomirror
set key outside top center horizontal maxrows 1 samplen 2
set xrange [7:2e7]
set yrange [lowest * 0.95:highest * 1.05]

file = output
do for [terminal_name in "svg png"] {
  if (terminal_name eq "svg") {
    set terminal svg size 900,540 font "sans-serif,15" background "white"
  } else {
    set terminal pngcairo size 900,540 font "sans,12" background "white"
  }
  set output file.".".terminal_name
  plot 1 with lines lw 2 dt 2 lc rgb "#222222" title "the fastest peer", \
       for [t in targets] data index kernel."/".t using 1:2 \
         with linespoints lw 2.5 pt 7 ps 0.6 lc rgb color(t) title t
}
