<%- $e1 := eq .YosysFamily "xc7" %>
// N <% if $e1 %>DSP48E1<% else %>DSP48E2<% end %>s, each of which adds its product to the sum that the one below hands up (<% if $e1 %>UG479<% else %>UG579<% end %>):
//
//   sum = sum over n of  a[n] * b[n]
//
// Every SUM_STEP of them the sum has a register. Operand n comes n / SUM_STEP cycles after operand 0, and the sum
// N / SUM_STEP + 2 cycles after operand 0.
// For synthesis alone, as vit_packed_cascades and vit_product_cascades.
`ifdef SYNTHESIS
module vit_dsp_cascade #(
  parameter PRODUCTS = 4,   // [products] that are summed
  parameter A_BITS   = 9,   // [bits] operand a, signed; at most 18
<%- if $e1 %>
  parameter B_BITS   = 25,  // [bits] operand b, signed; at most 25
<%- else %>
  parameter B_BITS   = 27,  // [bits] operand b, signed; at most 27
<%- end %>
  parameter SUM_BITS = 39,  // [bits] the sum, at most 48
  parameter SUM_STEP = 1    // [products] that are summed from register to register: divides PRODUCTS
) (
  input  wire                       aclk,
  input  wire [PRODUCTS*A_BITS-1:0] a,
  input  wire [PRODUCTS*B_BITS-1:0] b,
  output wire [SUM_BITS-1:0]        sum
);
<%- if $e1 %>
  localparam [6:0] PRODUCT = 7'b000_01_01, PRODUCT_AND_BELOW = 7'b001_01_01; // OPMODE: Z, Y, X
<%- else %>
  localparam [8:0] PRODUCT = 9'b00_000_01_01, PRODUCT_AND_BELOW = 9'b00_001_01_01; // OPMODE: W, Z, Y, X
<%- end %>

  wire [48*(PRODUCTS+1)-1:0] below;      // PCOUT of DSP n-1 at n*48
  wire [48*PRODUCTS-1:0]     p;
  assign below[47:0] = 48'd0;
  assign sum = p[48*(PRODUCTS-1) +: SUM_BITS];
  genvar n;
  generate
    for (n = 0; n < PRODUCTS; n = n + 1) begin : gen_dsp
      wire signed [A_BITS-1:0] narrow = a[n*A_BITS +: A_BITS];
      wire signed [B_BITS-1:0] wide   = b[n*B_BITS +: B_BITS];
      wire signed [17:0]       port_b = narrow;
      wire signed [29:0]       port_a = wide;
      <% if $e1 %>DSP48E1<% else %>DSP48E2<% end %> #(
        .AREG(1), .ACASCREG(1), .BREG(1), .BCASCREG(1), .MREG(1), .PREG(n % SUM_STEP == SUM_STEP - 1 ? 1 : 0),
        .ADREG(0), .ALUMODEREG(0), .CARRYINREG(0), .CARRYINSELREG(0), .CREG(0), .DREG(0), .INMODEREG(0), .OPMODEREG(0),
        <% if not $e1 %>.AMULTSEL("A"), .BMULTSEL("B"), <% end %>.USE_MULT("MULTIPLY"), .USE_SIMD("ONE48")
      ) u_dsp (
        .CLK(aclk), .A(port_a), .B(port_b), .C(48'd0), .D(<% if $e1 %>25<% else %>27<% end %>'d0), .PCIN(below[48*n +: 48]),
        .P(p[48*n +: 48]), .PCOUT(below[48*(n+1) +: 48]),
        .OPMODE(n == 0 ? PRODUCT : PRODUCT_AND_BELOW), .ALUMODE(4'd0), .INMODE(5'd0), .CARRYIN(1'b0), .CARRYINSEL(3'd0),
        .ACIN(30'd0), .BCIN(18'd0), .CARRYCASCIN(1'b0), .MULTSIGNIN(1'b0),
        .CEA1(1'b0), .CEA2(1'b1), .CEB1(1'b0), .CEB2(1'b1), .CEM(1'b1), .CEP(1'b1), .CEAD(1'b0), .CEALUMODE(1'b0),
        .CEC(1'b0), .CECARRYIN(1'b0), .CECTRL(1'b0), .CED(1'b0), .CEINMODE(1'b0),
        .RSTA(1'b0), .RSTALLCARRYIN(1'b0), .RSTALUMODE(1'b0), .RSTB(1'b0), .RSTC(1'b0), .RSTCTRL(1'b0), .RSTD(1'b0),
        .RSTINMODE(1'b0), .RSTM(1'b0), .RSTP(1'b0)
      );
    end
  endgenerate
endmodule
`endif
