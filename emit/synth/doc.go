// Package synth runs synthesizers and place and route on an emitted folder and reads what
// they report: Yosys for the counts of every module, nextpnr-ecp5 for a placed, routed and
// timed design, ecppack for a bitstream. It goes through the folder's own syn/Makefile, so
// that a user who types make sees the same.
//
// A tool that is missing stops only the steps that need it.
package synth
