# not run against the vendor tool
#
# Vitis HLS: C simulation on the folder's vectors, synthesis, co-simulation of the
# synthesized RTL on the first image, and export as an IP.
#
#   vitis_hls -f vitis_hls.tcl                                 all four steps
#   STEPS="csim csynth" vitis_hls -f vitis_hls.tcl             some of them
#
# The project in syn/vitis_hls/ is written anew each time; running it again gives the same.

set part   <% tcl .Device %>
set period <% .PeriodNS %>
set top    vit_accel
set design <% .HashShort %>
set here   [file dirname [file normalize [info script]]]
set folder [file dirname $here]
set hls    [file join $folder hls]

set steps {csim csynth cosim export}
if {[info exists env(STEPS)]} { set steps $env(STEPS) }
foreach step $steps {
  if {$step ni {csim csynth cosim export}} {
    error "vitis_hls.tcl: unknown step $step; expected csim, csynth, cosim or export"
  }
}

# Every .cpp but the test bench is the design. The stand-ins for the vendor's headers in
# hls/shim are not on the include path.
set sources {}
foreach path [lsort [glob -nocomplain -directory $hls *.cpp]] {
  if {[file tail $path] ne "tb.cpp"} { lappend sources $path }
}
set bench [file join $hls tb.cpp]
if {[llength $sources] == 0 || ![file exists $bench]} {
  error "vitis_hls.tcl: no C++ sources in $hls; emit the folder with its HLS back end"
}

cd $here
open_project -reset vitis_hls
set_top $top
# The trace, with which the test bench sees every op, is for C simulation only.
foreach path $sources { add_files $path -cflags "-std=c++17 -I$hls" -csimflags "-DVITDSE_TRACE" }
add_files -tb $bench -cflags "-std=c++17 -I$hls"
open_solution -reset -flow_target vivado solution
set_part $part
create_clock -period $period -name default
set_clock_uncertainty 12.5%

if {"csim" in $steps}   { csim_design -argv "$folder --full 1" }
if {"csynth" in $steps} { csynth_design }
if {"cosim" in $steps}  { cosim_design -rtl verilog -argv "$folder --images 1 --full 0" }
if {"export" in $steps} {
  export_design -format ip_catalog -rtl verilog -vendor vitdse -library accel -version 1.0 \
    -ipname vit_accel_hls -display_name "vitdse accelerator $design (HLS)"
}
close_project
puts "vitis_hls.tcl: [join $steps {, }] done; see [file join $here vitis_hls]"
exit
