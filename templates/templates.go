// Package templates holds what is emitted, one hardware module or tool script a file. The
// files are text/template with <% %> as delimiters ("{{" is legal Verilog); structure lives
// in their parameters, and the emitter only fills in values.
package templates

import "embed"

// FS holds rtl/ (the accelerator), sim/ (the harness), syn/ (synthesis scripts) and driver/
// (header and drivers for the host), hls/ (the accelerator as Vitis HLS C++), and the page that describes the folder.
//
//go:embed rtl sim syn driver hls README.md
var FS embed.FS
