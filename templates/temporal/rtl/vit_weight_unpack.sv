// Weights of one memory word out of the stream's packing: LANES weights of the layer's own
// bit-width, least significant first, sign-extended to WEIGHT_BITS bits each. Combinational.
module vit_weight_unpack #(
  parameter LANES            = 16,  // [lanes] weights of a word
  parameter WEIGHT_BITS      = 8,   // [bits] weights as the array takes them
  parameter STREAM_WORD_BITS = 128  // [bits] widest word of the stream
) (
  input  wire [2:0]                   format,
  /* verilator lint_off UNUSED */ // a word narrower than the assembly register leaves bits over
  input  wire [STREAM_WORD_BITS-1:0]  packed_word,
  /* verilator lint_on UNUSED */
  output reg  [LANES*WEIGHT_BITS-1:0] weights
);
  integer i;
  // verilator lint_off WIDTH
  always @*
    for (i = 0; i < LANES; i = i + 1)
      case (format)
<%- range $i, $w := .WeightBits %>
        3'd<% $i %>: weights[i*WEIGHT_BITS +: WEIGHT_BITS] = $signed(packed_word[i*<% $w %> +: <% $w %>]);
<%- end %>
        default: weights[i*WEIGHT_BITS +: WEIGHT_BITS] = {WEIGHT_BITS{1'b0}};
      endcase
  // verilator lint_on WIDTH
endmodule
