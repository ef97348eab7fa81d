// Simple dual-port memory: one write port, one read port, synchronous read.
// Read latency: 1 cycle. Reading an address in the cycle it is written returns the old word.
module vit_ram #(
  parameter WIDTH = 32,
  parameter DEPTH = 512,
  parameter AW    = 9,       // address bits, at least clog2(DEPTH)
  /* verilator lint_off UNUSED */ // an attribute's value: synthesis reads it
  parameter STYLE = "auto"   // ram_style: auto, block, distributed, ultra
  /* verilator lint_on UNUSED */
) (
  input  wire             aclk,
  input  wire             we,
  input  wire [AW-1:0]    waddr,
  input  wire [WIDTH-1:0] wdata,
  input  wire [AW-1:0]    raddr,
  output reg  [WIDTH-1:0] rdata
);
  (* ram_style = STYLE *) reg [WIDTH-1:0] mem [0:DEPTH-1];

  always @(posedge aclk) begin
    if (we) mem[waddr] <= wdata;
    rdata <= mem[raddr];
  end
endmodule
