// Reciprocal standard deviation of one row a cycle, from its sum and sum of squares:
//
//   D = C*s2 - s1^2 + eps,  e = floor((bitlen(D) - 1) / 2),  i = floor(D * 2^(6-2e)) in [64, 256)
//   R = min(floor(rsqrt_rom[i - 64] * 2^(k17 - e)), 2^17 - 1)  ~  2^(k17+17) / sqrt(D)
//
// D is C^2 times the variance, exactly. Latency: 6 cycles.
module vit_rsqrt #(
  parameter C   = 64,        // channels
  parameter S1W = 22,        // bits of s1, signed
  parameter S2W = 37         // bits of s2, unsigned
) (
  input  wire                  aclk,
  input  wire signed [S1W-1:0] s1,
  input  wire [S2W-1:0]        s2,
  input  wire [39:0]           eps,
  input  wire [5:0]            k17,   // k - 17, signed
  output reg  [16:0]           r
);
  localparam CW = $clog2(C + 1);
  localparam DW = S2W + CW + 1 > 41 ? S2W + CW + 1 : 41;  // of few channels, the width of eps

  localparam [DW-1:0] CHANNELS = {{(DW-CW){1'b0}}, C[CW-1:0]};

  reg [DW-1:0] cs2, sq1, d, d4;
  reg [5:0]    e, e4, e5;
  reg [7:0]    index;
  reg [16:0]   q;
  (* rom_style = "distributed", ram_style = "logic" *)
  reg [16:0]   rsqrt_rom [0:255];     // entries 64 .. 255 are used
  initial $readmemh("rsqrt.mem", rsqrt_rom);

  // Position of the leading one, halved.
  integer i;
  reg [5:0] half_log;
  always @* begin
    half_log = 6'd0;
    for (i = 0; i < DW; i = i + 1)
      if (d[i]) half_log = i[6:1];
  end

  wire signed [2*S1W-1:0] square  = s1 * s1;
  /* verilator lint_off UNUSED */     // the normalised value keeps eight bits
  wire        [DW+5:0]    aligned = {d4, 6'd0} >> {e, 1'b0};
  /* verilator lint_on UNUSED */
  wire signed [6:0]       up      = $signed({k17[5], k17}) - $signed({1'b0, e5});
  wire        [6:0]       down    = -up;
  always @(posedge aclk) begin
    cs2   <= {{(DW-S2W){1'b0}}, s2} * CHANNELS;
    sq1   <= {{(DW-2*S1W){1'b0}}, square};
    d     <= cs2 - sq1 + {{(DW-40){1'b0}}, eps};
    d4    <= d;
    e     <= half_log;
    e4    <= e;
    index <= aligned[7:0];
    e5    <= e4;
    q     <= rsqrt_rom[index];
    r     <= up > 0 ? 17'h1ffff : q >> down;
  end
endmodule
