// GELU as a table: y = table[h + 2^(HB-1)] for the signed index h of every lane.
// The table is loaded an entry a cycle by the stream loader, one table a layer.
// Latency: 2 cycles, the first of them the address's. Scale, zero point and saturation of the output are
// inside the table.
module vit_gelu_table #(
  parameter LANES = 8,
  parameter HB    = 8,       // bits of the index
  parameter YB    = 8        // bits of an entry, signed
) (
  input  wire                 aclk,
  input  wire                 we,
  input  wire [HB-1:0]        waddr,     // h + 2^(HB-1)
  input  wire [YB-1:0]        wdata,
  input  wire [LANES*HB-1:0]  in_h,
  output wire [LANES*YB-1:0]  out_y
);
  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      // A copy a lane: each lane looks up its own entry every cycle.
      (* ram_style = "distributed" *) reg [YB-1:0] entries [0:(1<<HB)-1];
      reg  [HB-1:0] addr;
      reg  [YB-1:0] y;
      always @(posedge aclk) begin
        if (we) entries[waddr] <= wdata;
        addr <= in_h[g*HB +: HB] ^ {1'b1, {(HB-1){1'b0}}};
        y    <= entries[addr];
      end
      assign out_y[g*YB +: YB] = y;
    end
  endgenerate
endmodule
