// Package templates holds what is emitted, one hardware module or tool script a file. The
// files are text/template with <% %> as delimiters ("{{" is legal Verilog); structure lives
// in their parameters, and the emitter only fills in values.
package templates

import "embed"

// FS holds rtl/ (the accelerator), sim/ (the harness) and syn/ (synthesis scripts).
//
//go:embed rtl sim syn
var FS embed.FS
