// Package templates holds what every engine's folder has, one tool's script or file a template: the harness that
// simulates it, the scripts that synthesize it, and the host's drivers. What an engine consists of is in a room of its
// own below this one. The files are text/template with <% %> as delimiters ("{{" is legal Verilog); structure lives in
// their parameters, and the emitter only fills in values.
package templates

import "embed"

// FS holds sim/ (the harness), syn/ (synthesis scripts) and driver/ (header and drivers for the host).
//
//go:embed sim syn driver
var FS embed.FS
