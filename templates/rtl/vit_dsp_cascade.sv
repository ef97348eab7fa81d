<%- $e1 := eq .YosysFamily "xc7" %>
// N <% if $e1 %>DSP48E1<% else %>DSP48E2<% end %>s, each of which adds its product to the sum that the one below hands up (<% if $e1 %>UG479<% else %>UG579<% end %>):
//
//   sum = sum over n of  a[n] * b[n]
//
// Every STEP of them the sum has a register. Operand n comes n / STEP cycles after operand 0, and the sum
// N / STEP + 2 cycles after operand 0.
// For synthesis alone, as vit_packed_cascades and vit_product_cascades.
`ifdef SYNTHESIS
module vit_dsp_cascade #(
  parameter N  = 4,
  parameter AW = 9,          // bits of a, signed, up to 18
  parameter BW = <% if $e1 %>25<% else %>27<% end %>,         // bits of b, signed, up to <% if $e1 %>25<% else %>27<% end %>
  parameter SW = 39,         // bits of the sum, up to 48
  parameter STEP = 1         // divides N
) (
  input  wire            aclk,
  input  wire [N*AW-1:0] a,
  input  wire [N*BW-1:0] b,
  output wire [SW-1:0]   sum
);
<%- if $e1 %>
  localparam [6:0] PRODUCT = 7'b000_01_01, PRODUCT_AND_BELOW = 7'b001_01_01; // OPMODE: Z, Y, X
<%- else %>
  localparam [8:0] PRODUCT = 9'b00_000_01_01, PRODUCT_AND_BELOW = 9'b00_001_01_01; // OPMODE: W, Z, Y, X
<%- end %>

  wire [48*(N+1)-1:0] below;             // PCOUT of DSP n-1 at n*48
  wire [48*N-1:0]     p;
  assign below[47:0] = 48'd0;
  assign sum = p[48*(N-1) +: SW];
  genvar n;
  generate
    for (n = 0; n < N; n = n + 1) begin : gen_dsp
      wire signed [AW-1:0] narrow = a[n*AW +: AW];
      wire signed [BW-1:0] wide   = b[n*BW +: BW];
      wire signed [17:0]   port_b = narrow;
      wire signed [29:0]   port_a = wide;
      <% if $e1 %>DSP48E1<% else %>DSP48E2<% end %> #(
        .AREG(1), .ACASCREG(1), .BREG(1), .BCASCREG(1), .MREG(1), .PREG(n % STEP == STEP - 1 ? 1 : 0),
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
