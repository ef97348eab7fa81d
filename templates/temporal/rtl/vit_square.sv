// The square of a signed number, three cycles later, a square a cycle: operand, partial products, sum. The partial
// products are those of what a multiplier block's ports take.
module vit_square #(
  parameter A_BITS = 22  // [bits] what is squared, signed; at most 34
) (
  input  wire                     aclk,
  input  wire signed [A_BITS-1:0] a,
  output wire [2*A_BITS-1:0]      p
);
  // verilator lint_off WIDTH
`ifdef SYNTHESIS
  generate
    if (A_BITS <= 18) begin : gen_block
      vit_multiply #(.A_BITS(A_BITS), .B_BITS(A_BITS)) u_product (.aclk(aclk), .a(a), .b(a), .p(p));
    end else begin : gen_split
      reg         [2*A_BITS-1:0] sum;
      assign p = sum;
<%- if eq .YosysFamily "ecp5" %>
      wire signed [17:0]          low  = {1'b0, a[16:0]};
      wire signed [A_BITS-18:0]   high = a[A_BITS-1:17];
      // (high * 2^17 + low)^2: the squares of both lie side by side.
      wire signed [17:0]          high_a = high;
      wire signed [35:0]          ll, hl, hh;
      vit_mult18 #(.PIPELINE(0)) u_ll (.aclk(aclk), .a(low),    .b(low),    .p(ll));
      vit_mult18 #(.PIPELINE(0)) u_hl (.aclk(aclk), .a(high_a), .b(low),    .p(hl));
      vit_mult18 #(.PIPELINE(0)) u_hh (.aclk(aclk), .a(high_a), .b(high_a), .p(hh));
      wire signed [2*A_BITS-1:0]  squares = {hh, ll[33:0]};
      wire signed [2*A_BITS-19:0] upper   = (squares >>> 18) + hl;
      always @(posedge aclk) sum <= {upper, ll[17:0]};
<%- else %>
      // a * (high * 2^17 + low)
      reg  signed [A_BITS-1:0]    a1;
      (* use_dsp = "yes" *)
      reg  signed [A_BITS+17:0]   low_p;
      (* use_dsp = "yes" *)
      reg  signed [2*A_BITS-18:0] high_p;
      wire signed [17:0]          low1  = {1'b0, a1[16:0]};
      wire signed [A_BITS-18:0]   high1 = a1[A_BITS-1:17];
      wire signed [2*A_BITS-18:0] upper = (low_p >>> 17) + high_p;
      always @(posedge aclk) begin
        a1     <= a;
        low_p  <= a1 * low1;
        high_p <= a1 * high1;
        sum    <= {upper, low_p[16:0]};
      end
<%- end %>
    end
  endgenerate
`else
  reg signed [A_BITS-1:0]   a1;
  reg signed [2*A_BITS-1:0] m, m1;
  always @(posedge aclk) begin
    a1 <= a;
    m  <= a1 * a1;
    m1 <= m;
  end
  assign p = m1;
`endif
  // verilator lint_on WIDTH
endmodule
