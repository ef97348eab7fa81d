// Register map and memory layout of the accelerator. docs/REGISTERS.md of vitdse, and
// REGISTERS.md beside this file, explain them.
#ifndef VITDSE_REGS_H
#define VITDSE_REGS_H

// The design that this header, the RTL and the weight stream belong to.
#define VITDSE_DESIGN_HASH "<% .Hash %>"
#define VITDSE_DESIGN_HASH_HI 0x<% slice .HashShort 0 8 %>u
#define VITDSE_DESIGN_HASH_LO 0x<% slice .HashShort 8 16 %>u

// Registers: byte offsets from the base of the AXI4-Lite slave.
<%- range .Registers %>
#define VITDSE_<% printf "%-14s" .Name %> 0x<% printf "%02x" .Offset %>u  // <% printf "%-2s" .Access %> <% .Meaning %>
<%- end %>
#define VITDSE_<% printf "%-14s" "SPAN" %> 0x<% printf "%02x" .RegisterSpan %>u  // bytes
<% range .Registers %><% $reg := .Name %><% range .Fields %>
#define VITDSE_<% printf "%-18s" (printf "%s_%s" $reg .Name) %> 0x<% printf "%08x" .Mask %>u  // <% .Meaning %>
<%- end %><% end %>

// Memory layout in bytes. Every block starts at a multiple of VITDSE_ALIGN.
<%- with .Layout %>
#define VITDSE_<% printf "%-14s" "ALIGN" %> <% .Align %>u
#define VITDSE_<% printf "%-14s" "ADDRESS_BITS" %> <% $.AddressBits %>u
#define VITDSE_<% printf "%-14s" "IMAGE_PIXELS" %> <% .ImagePixels %>u  // of an image: u8, row by row, channels innermost
#define VITDSE_<% printf "%-14s" "IMAGE_STRIDE" %> <% .ImageStride %>u  // from an image to the next
#define VITDSE_<% printf "%-14s" "STREAM_BYTES" %> <% .StreamBytes %>u  // mem/stream.bin
#define VITDSE_<% printf "%-14s" "STREAM_CRC32" %> 0x<% printf "%08x" .StreamCRC32 %>u
#define VITDSE_<% printf "%-14s" "CLASSES" %> <% .Classes %>u  // logits of a result: i32, little-endian
#define VITDSE_<% printf "%-14s" "RESULT_STRIDE" %> <% .ResultStride %>u  // from a result to the next
<%- end %>

#endif
