// Reciprocal standard deviation of one row of C channels a cycle, from its sum and sum of squares:
//
//   D = C*s2 - s1^2 + eps,  e = floor((bitlen(D) - 1) / 2),  i = floor(D * 2^(6-2e)) in [64, 256)
//   R = min(floor(rsqrt_rom[i - 64] * 2^(k17 - e)), 2^17 - 1)  ~  2^(k17+17) / sqrt(D)
//
// D is C^2 times the variance, exactly. Latency: 11 cycles. The leading one is looked for in two steps, among
// groups of four pairs of bits and then within the group, and D is aligned likewise.
module vit_rsqrt #(
<%- if .Windowed %>
  parameter CHANNELS        = 64,  // [channels] of a row of the first stage; of any, CHANNELS << widen
  parameter MAX_WIDEN       = 3,   // [log2] largest widen
<%- else %>
  parameter CHANNELS        = 64,  // [channels] of a row
<%- end %>
  parameter SUM_BITS        = 22,  // [bits] sum of a row's channels, signed
  parameter SQUARE_SUM_BITS = 37   // [bits] sum of their squares, unsigned
) (
  input  wire                       aclk,
  input  wire signed [SUM_BITS-1:0] s1,
  input  wire [SQUARE_SUM_BITS-1:0] s2,
  input  wire [39:0]                eps,
  input  wire [5:0]                 k17,   // k - 17, signed
<%- if .Windowed %>
  input  wire [2:0]                 widen, // of the op
<%- end %>
  output reg  [16:0]                r
);
  localparam CHANNELS_BITS = $clog2(CHANNELS + 1)<% if .Windowed %> + MAX_WIDEN<% end %>;
  localparam VARIANCE_BITS = SQUARE_SUM_BITS + CHANNELS_BITS + 1 > 41
                           ? SQUARE_SUM_BITS + CHANNELS_BITS + 1 : 41;  // of few channels, the width of eps

  // s1^2, three cycles.
  wire [2*SUM_BITS-1:0] square3;
  vit_square #(.A_BITS(SUM_BITS)) u_square (.aclk(aclk), .a(s1), .p(square3));

  // C*s2 + eps, three cycles. C is an odd number times a power of two: where that is 1 or 3 there is nothing to
  // multiply, else s2 is cut into parts as wide as a multiplier block takes.
  function integer odd_part(input integer n);
    begin
      odd_part = n;
      while (odd_part % 2 == 0) odd_part = odd_part / 2;
    end
  endfunction
  localparam ODD           = odd_part(CHANNELS);
  localparam PART_BITS     = <% .WidePort %> - 1 < SQUARE_SUM_BITS ? <% .WidePort %> - 1 : SQUARE_SUM_BITS;
  localparam ODD_BITS      = $clog2(ODD + 1);
  localparam MULTIPLE_BITS = SQUARE_SUM_BITS + ODD_BITS<% if .Windowed %> + MAX_WIDEN<% end %>;  // of ODD * s2
  localparam [31:0] ODD_32 = ODD, POWER = CHANNELS / ODD;
  reg [MULTIPLE_BITS-1:0] odd2;
  reg [VARIANCE_BITS-1:0] scaled3;
  generate
    if (ODD <= 3) begin : gen_sum
      reg [MULTIPLE_BITS-1:0]         odd1;
<%- if .Windowed %>
      wire [MULTIPLE_BITS-1:0]        wide_s2 = {{(MULTIPLE_BITS-SQUARE_SUM_BITS){1'b0}}, s2};
<%- end %>
      always @(posedge aclk) begin
<%- if .Windowed %>
        odd1 <= ODD == 3 ? (wide_s2 << 1) + wide_s2 : wide_s2;
<%- else %>
        odd1 <= ODD == 3 ? {s2, 1'b0} + {{(MULTIPLE_BITS-SQUARE_SUM_BITS){1'b0}}, s2}
              : {{(MULTIPLE_BITS-SQUARE_SUM_BITS){1'b0}}, s2};
<%- end %>
        odd2 <= odd1<% if .Windowed %> << widen<% end %>;
      end
    end else begin : gen_product
      wire [3*PART_BITS-1:0]          parts = {{(3*PART_BITS-SQUARE_SUM_BITS){1'b0}}, s2};
      reg  [PART_BITS+ODD_BITS-1:0]   low1, middle1, high1;
      /* verilator lint_off WIDTH */ // no wider than the product
      wire [3*PART_BITS+ODD_BITS-1:0] sum = {high1, {(PART_BITS-ODD_BITS){1'b0}}, low1} + {middle1, {PART_BITS{1'b0}}};
      always @(posedge aclk) begin
        low1    <= parts[0 +: PART_BITS] * ODD_32[ODD_BITS-1:0];
        middle1 <= parts[PART_BITS +: PART_BITS] * ODD_32[ODD_BITS-1:0];
        high1   <= parts[2*PART_BITS +: PART_BITS] * ODD_32[ODD_BITS-1:0];
        odd2    <= sum<% if .Windowed %> << widen<% end %>;
      end
      /* verilator lint_on WIDTH */
    end
  endgenerate
  always @(posedge aclk)
    scaled3 <= {{(VARIANCE_BITS-MULTIPLE_BITS){1'b0}}, odd2} * POWER + {{(VARIANCE_BITS-40){1'b0}}, eps};

  // D, and what is known of its leading one: GROUPS groups of four pairs of bits.
  localparam GROUPS = (VARIANCE_BITS + 7) / 8;
  reg  [VARIANCE_BITS-1:0] d4, d5, d6;
  wire [8*GROUPS-1:0]      d4_groups = {{(8*GROUPS-VARIANCE_BITS){1'b0}}, d4};
  reg  [GROUPS-1:0]        any5;
  reg  [2*GROUPS-1:0]      pair5, pair6;       // highest pair of each group that is not zero
  reg  [2:0]               group6, group7;
  reg  [13:0]              window7;
  reg  [1:0]               pair7;
  wire [8*GROUPS+13:0]     d6_padded = {{(8*GROUPS-VARIANCE_BITS+8){1'b0}}, d6, 6'd0};
  reg  [2:0]               top;
  reg  [13:0]              window;
  reg  [1:0]               pair;
  integer               i;
  always @* begin
    top = 3'd0;
    for (i = 0; i < GROUPS; i = i + 1)
      if (any5[i]) top = i[2:0];
    window = d6_padded[13:0];
    pair   = pair6[1:0];
    for (i = 1; i < GROUPS; i = i + 1)
      if (group6 == i[2:0]) begin
        window = d6_padded[8*i +: 14];
        pair   = pair6[2*i +: 2];
      end
  end
  integer n;
  always @(posedge aclk) begin
    d4 <= scaled3 - {{(VARIANCE_BITS-2*SUM_BITS){1'b0}}, square3};
    d5 <= d4;
    d6 <= d5;
    for (n = 0; n < GROUPS; n = n + 1) begin
      any5[n]         <= |d4_groups[8*n +: 8];
      pair5[2*n +: 2] <= |d4_groups[8*n+6 +: 2] ? 2'd3 : |d4_groups[8*n+4 +: 2] ? 2'd2
                       : |d4_groups[8*n+2 +: 2] ? 2'd1 : 2'd0;
    end
    group6  <= top;
    pair6   <= pair5;
    group7  <= group6;
    window7 <= window;
    pair7   <= pair;
  end

  /* verilator lint_off UNUSED */     // the normalised value keeps eight bits
  wire [13:0]       aligned = window7 >> {pair7, 1'b0};
  /* verilator lint_on UNUSED */
  reg  [7:0]        index8;
  reg  [4:0]        e8;
  reg  [16:0]       q9, q10;
  reg  [6:0]        down9;             // e - (k - 17), signed
  reg  [1:0]        down10;
  reg               over10;
  (* rom_style = "distributed", ram_style = "logic" *)
  reg  [16:0]       rsqrt_rom [0:255]; // entries 64 .. 255 are used
  initial $readmemh("rsqrt.mem", rsqrt_rom);
  always @(posedge aclk) begin
    index8 <= aligned[7:0];
    e8     <= {group7, pair7};
    q9     <= rsqrt_rom[index8];
    down9  <= {2'b00, e8} - {k17[5], k17};
    q10    <= q9 >> {down9[5:2], 2'b00};
    down10 <= down9[1:0];
    over10 <= down9[6];
    r      <= over10 ? 17'h1ffff : q10 >> down10;
  end
endmodule
