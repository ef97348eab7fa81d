// GELU as a table: y = table[h + 2^(INDEX_BITS-1)] for the signed index h of every lane.
// The table is loaded an entry a cycle by the stream loader, one table a layer.
// Latency: 2 cycles, the first of them the address's. Scale, zero point and saturation of the output are
// inside the table.
module vit_gelu_table #(
  parameter LANES      = 8,  // [lanes] each with a copy of the table
  parameter INDEX_BITS = 8,  // [bits] index of the table
  parameter OUT_BITS   = 8   // [bits] an entry, signed
) (
  input  wire                        aclk,
  input  wire                        we,
  input  wire [INDEX_BITS-1:0]       waddr,  // h + 2^(INDEX_BITS-1)
  input  wire [OUT_BITS-1:0]         wdata,
  input  wire [LANES*INDEX_BITS-1:0] in_h,
  output wire [LANES*OUT_BITS-1:0]   out_y
);
  genvar g;
  generate
    for (g = 0; g < LANES; g = g + 1) begin : gen_lane
      // A copy a lane: each lane looks up its own entry every cycle.
      (* ram_style = "distributed" *) reg [OUT_BITS-1:0] entries [0:(1<<INDEX_BITS)-1];
      reg  [INDEX_BITS-1:0] addr;
      reg  [OUT_BITS-1:0] y;
      always @(posedge aclk) begin
        if (we) entries[waddr] <= wdata;
        addr <= in_h[g*INDEX_BITS +: INDEX_BITS] ^ {1'b1, {(INDEX_BITS-1){1'b0}}};
        y    <= entries[addr];
      end
      assign out_y[g*OUT_BITS +: OUT_BITS] = y;
    end
  endgenerate
endmodule
