# not run against the vendor tool
#
# Vivado: out-of-context synthesis, placement and routing of vit_accel_top with reports, and
# its packaging as an IP with AXI interfaces.
#
#   vivado -mode batch -source vivado.tcl -tclargs [synth] [impl] [package]
#
# Without arguments all three. Everything goes to syn/vivado/, which each step that is run
# writes anew; running it again gives the same.

set part   <% tcl .Device %>
set top    vit_accel_top
set here   [file dirname [file normalize [info script]]]
set rtl    [file join [file dirname $here] rtl]
set out    [file join $here vivado]
set design <% .HashShort %>

set steps {synth impl package}
if {[info exists argv] && [llength $argv] > 0} { set steps $argv }
foreach step $steps {
  if {$step ni {synth impl package}} {
    error "vivado.tcl: unknown step $step; expected synth, impl or package"
  }
}

set sources {}
set memories {}
foreach name {<% range .Files %>
  <% . %><% end %>
} { lappend sources [file join $rtl $name] }
foreach name {exp.mem rsqrt.mem program.mem loads.mem} { lappend memories [file join $rtl $name] }
foreach path [concat $sources $memories] {
  if {![file exists $path]} { error "vivado.tcl: $path is missing; emit the folder again" }
}

# Reports in the usual text form; vitdse calibrate and vitdse synth read them, and believe the clock only of
# a report that stands beside this design's name.
proc reports {out stage} {
  global design
  set name [open [file join $out design.txt] w]
  puts $name $design
  close $name
  report_utilization -file [file join $out utilization_$stage.rpt]
  report_utilization -hierarchical -file [file join $out utilization_hierarchical_$stage.rpt]
  report_timing_summary -file [file join $out timing_summary_$stage.rpt]
}

proc synthesize {} {
  global part top here out sources memories
  file mkdir $out
  # The modules are written in Verilog 2005; -sv only because their names end in .sv.
  read_verilog -sv $sources
  read_mem $memories
  read_xdc -mode out_of_context [file join $here constraints.xdc]
  synth_design -top $top -part $part -mode out_of_context -flatten_hierarchy none -verilog_define SYNTHESIS
  write_checkpoint -force [file join $out synth.dcp]
  reports $out synth
}

proc implement {} {
  global out
  if {[current_design -quiet] eq ""} { open_checkpoint [file join $out synth.dcp] }
  opt_design
  place_design
  phys_opt_design
  route_design
  write_checkpoint -force [file join $out impl.dcp]
  reports $out impl
  report_power -file [file join $out power_impl.rpt]
}

# The register map of the IP, from the table that is also the RTL's and the drivers'.
set registers {
<%- range .Registers %>
  {<% .Name %> <% printf "0x%02x" .Offset %> <% .Access %> {<% .Meaning %>}}
<%- end %>
}

proc package_ip {} {
  global part top out sources memories design registers
  set project [file join $out package]
  set ip      [file join $out ip]
  file delete -force $project $ip
  create_project -force -part $part vit_accel $project
  add_files -norecurse [concat $sources $memories]
  # As Verilog, because IP Integrator takes no SystemVerilog file as the top of a module.
  set_property file_type Verilog [get_files *.sv]
  set_property file_type {Memory Initialization Files} [get_files *.mem]
  set_property top $top [current_fileset]
  update_compile_order -fileset sources_1

  ipx::package_project -root_dir $ip -vendor vitdse -library accel -taxonomy /UserIP \
    -import_files -set_current true -force
  set core [ipx::current_core]
  set_property name $top $core
  set_property version 1.0 $core
  set_property display_name "vitdse accelerator $design" $core
  set_property description "<% tcl .Model %> on <% tcl .Part %>, design $design" $core

  # Interfaces that packaging has already inferred are found again, not added twice.
  ipx::infer_bus_interfaces xilinx.com:interface:aximm_rtl:1.0 $core
  ipx::infer_bus_interface aclk xilinx.com:signal:clock_rtl:1.0 $core
  ipx::infer_bus_interface aresetn xilinx.com:signal:reset_rtl:1.0 $core
  foreach bus {s_axi m_axi} {
    if {[llength [ipx::get_bus_interfaces $bus -of_objects $core]] == 0} {
      error "vivado.tcl: no AXI interface $bus was inferred from the ports of $top"
    }
    ipx::associate_bus_interfaces -busif $bus -clock aclk $core
  }
  ipx::associate_bus_interfaces -clock aclk -reset aresetn $core

  set map [ipx::get_memory_maps s_axi -of_objects $core]
  if {[llength $map] == 0} {
    set map [ipx::add_memory_map s_axi $core]
    set_property slave_memory_map_ref s_axi [ipx::get_bus_interfaces s_axi -of_objects $core]
  }
  set block [lindex [ipx::get_address_blocks -of_objects $map] 0]
  if {$block eq ""} { set block [ipx::add_address_block reg0 $map] }
  set_property range 4096 $block
  set_property width 32 $block
  foreach register $registers {
    lassign $register name offset access meaning
    set r [ipx::add_register $name $block]
    set_property address_offset $offset $r
    set_property size 32 $r
    set_property access [dict get {r read-only w write-only rw read-write} $access] $r
    set_property description $meaning $r
  }

  set_property core_revision 1 $core
  ipx::create_xgui_files $core
  ipx::update_checksums $core
  ipx::check_integrity $core
  ipx::save_core $core
  close_project
}

if {"synth" in $steps} { synthesize }
if {"impl" in $steps} { implement }
if {"package" in $steps} {
  if {[current_project -quiet] ne ""} { close_project }
  package_ip
}
puts "vivado.tcl: [join $steps {, }] done; see $out"
