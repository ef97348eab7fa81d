// Package temporal holds today's engine as templates, one hardware module a file: SystemVerilog, Vitis HLS C++, and the
// page that describes the folder.
package temporal

import "embed"

// FS holds rtl/ (the accelerator), hls/ (the accelerator as Vitis HLS C++), and the page README.md.
//
//go:embed rtl hls README.md
var FS embed.FS
