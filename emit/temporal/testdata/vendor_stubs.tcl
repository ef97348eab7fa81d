# Runs a script with stubs in place of the vendor's commands, which print how they are
# called: tclsh vendor_stubs.tcl SCRIPT ARGUMENTS. A command that has no stub is an error.
proc record {name arguments} {
  set line $name
  foreach a $arguments { append line " " [list $a] }
  puts $line
}
proc stub {name {result {}}} {
  proc $name args "record $name \$args; return [list $result]"
}
foreach name {
  read_verilog read_mem read_xdc synth_design opt_design place_design phys_opt_design
  route_design write_checkpoint open_checkpoint report_utilization report_timing_summary report_power
  create_project add_files set_property update_compile_order close_project
  open_project set_top open_solution set_part create_clock set_clock_uncertainty
  csim_design csynth_design cosim_design export_design
} { stub $name }
stub current_design  design
stub current_project project
stub current_fileset sources_1
stub get_files       files
namespace eval ipx {}
foreach {name result} {
  package_project {} current_core core infer_bus_interfaces {} infer_bus_interface {}
  get_bus_interfaces bus associate_bus_interfaces {} get_memory_maps {} add_memory_map map
  get_address_blocks {} add_address_block block add_register register
  create_xgui_files {} update_checksums {} check_integrity {} save_core {}
} { stub ::ipx::$name $result }

set script [lindex $argv 0]
set argv   [lrange $argv 1 end]
set argc   [llength $argv]
source $script
