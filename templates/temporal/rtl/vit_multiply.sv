// A product whose registers are those of the multiplier block: operands, what it multiplies, sum.
//
//   p = a * b, three cycles later, a product a cycle
//
<%- if eq .YosysFamily "ecp5" %>
// Yosys packs no registers into the MULT18X18D, so synthesis is given the block by name (vit_mult18). An operand a
// of more than 18 bits takes two of them, each with half of it, whose products are added in the third cycle.
<%- else %>
// An operand a that is wider than the block's wide port takes two blocks, each with a part of it, whose products
// are added in the third cycle.
<%- end %>
<%- if not (eq .YosysFamily "ecp5") %>
// Yosys would take an adder in front into the DSP as its pre-adder, with the operands zero-extended.
(* keep_hierarchy = "yes" *)
<%- end %>
module vit_multiply #(
  parameter A_BITS = 24,  // [bits] operand a, signed; at most 35
  parameter B_BITS = 18   // [bits] operand b, signed; at most 18
) (
  input  wire                            aclk,
  input  wire signed [A_BITS-1:0]        a,
  input  wire signed [B_BITS-1:0]        b,
  output wire signed [A_BITS+B_BITS-1:0] p
);
  // verilator lint_off WIDTH
`ifdef SYNTHESIS
  localparam LOW = 17;       // bits of a's low part, which has no sign
  generate
    if (A_BITS > <% .WidePort %>) begin : gen_split
      wire signed [LOW:0]                 low  = {1'b0, a[LOW-1:0]};
      wire signed [A_BITS-LOW-1:0]        high = a[A_BITS-1:LOW];
<%- if eq .YosysFamily "ecp5" %>
      wire signed [17:0]                  low_a = low, high_a = high, wide_b = b;
      wire signed [35:0]                  low_p, high_p;
      vit_mult18 #(.PIPELINE(0)) u_low  (.aclk(aclk), .a(low_a),  .b(wide_b), .p(low_p));
      vit_mult18 #(.PIPELINE(0)) u_high (.aclk(aclk), .a(high_a), .b(wide_b), .p(high_p));
<%- else %>
      reg  signed [LOW:0]                 low_a;
      reg  signed [A_BITS-LOW-1:0]        high_a;
      reg  signed [B_BITS-1:0]            b1;
      (* use_dsp = "yes" *)
      reg  signed [LOW+B_BITS:0]          low_p;
      (* use_dsp = "yes" *)
      reg  signed [A_BITS-LOW+B_BITS-1:0] high_p;
      always @(posedge aclk) begin
        low_a  <= low;
        high_a <= high;
        b1     <= b;
        low_p  <= low_a * b1;
        high_p <= high_a * b1;
      end
<%- end %>
      wire signed [A_BITS-LOW+B_BITS-1:0] upper = (low_p >>> LOW) + high_p;
      reg  signed [A_BITS+B_BITS-1:0]     sum;
      always @(posedge aclk) sum <= {upper, low_p[LOW-1:0]};
      assign p = sum;
    end else begin : gen_block
<%- if eq .YosysFamily "ecp5" %>
      wire signed [17:0]                  wide_a = a, wide_b = b;
      wire signed [35:0]                  whole;
      vit_mult18 #(.PIPELINE(1)) u_block (.aclk(aclk), .a(wide_a), .b(wide_b), .p(whole));
      assign p = whole;
<%- else %>
      reg  signed [A_BITS-1:0]            a1;
      reg  signed [B_BITS-1:0]            b1;
      (* use_dsp = "yes" *)
      reg  signed [A_BITS+B_BITS-1:0]     m, m1;
      always @(posedge aclk) begin
        a1 <= a;
        b1 <= b;
        m  <= a1 * b1;
        m1 <= m;
      end
      assign p = m1;
<%- end %>
    end
  endgenerate
`else
  reg signed [A_BITS-1:0]        a1;
  reg signed [B_BITS-1:0]        b1;
  reg signed [A_BITS+B_BITS-1:0] m, m1;
  always @(posedge aclk) begin
    a1 <= a;
    b1 <= b;
    m  <= a1 * b1;
    m1 <= m;
  end
  assign p = m1;
`endif
  // verilator lint_on WIDTH
endmodule
