// Package timing is static timing analysis of a netlist that Yosys mapped to a Xilinx family, for
// parts that no open tool places and routes. Delays of primitives are published ones; what a wire
// takes is not known before routing, so every path is given with three models of it, fitted to
// the nets of routed designs whose Vivado reports are public: kind (a fifth of those nets is
// faster), middle (half) and harsh (four fifths). A clock from here is a bracket with that
// evidence, never the word of the vendor's tool.
package timing
