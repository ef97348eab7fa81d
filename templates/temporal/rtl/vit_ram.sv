// Simple dual-port memory: one write port, one read port, synchronous read, and the output register of a
// block RAM, without which its clock-to-out would lie in whatever reads it.
// Read latency: 2 cycles, or 1 without the register. Reading an address in the cycle it is written returns
// the old word.
module vit_ram #(
  parameter WIDTH     = 32,     // [bits] a word
  parameter DEPTH     = 512,    // [words] of the memory
  parameter ADDR_BITS = 9,      // [bits] address, at least clog2(DEPTH)
  parameter LATENCY   = 2,      // [cycles] of a read: 1 or 2
  /* verilator lint_off UNUSED */ // an attribute's value: synthesis reads it
  parameter STYLE     = "auto"  // [text] ram_style: auto, block, distributed, ultra
  /* verilator lint_on UNUSED */
) (
  input  wire                 aclk,
  input  wire                 we,
  input  wire [ADDR_BITS-1:0] waddr,
  input  wire [WIDTH-1:0]     wdata,
  input  wire [ADDR_BITS-1:0] raddr,
  output wire [WIDTH-1:0]     rdata
);
  (* ram_style = STYLE *) reg [WIDTH-1:0] mem [0:DEPTH-1];
  reg [WIDTH-1:0] word;
  always @(posedge aclk) begin
    if (we) mem[waddr] <= wdata;
    word <= mem[raddr];
  end
  generate
    if (LATENCY == 1) begin : gen_plain
      assign rdata = word;
    end else begin : gen_register
      reg [WIDTH-1:0] word1;
      always @(posedge aclk) word1 <= word;
      assign rdata = word1;
    end
  endgenerate

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (DEPTH > (1 << ADDR_BITS)) begin : gen_refused_DEPTH_needs_more_bits_than_ADDR_BITS
      vit_ram_DEPTH_needs_more_bits_than_ADDR_BITS u_refused ();
    end
    if (LATENCY != 1 && LATENCY != 2) begin : gen_refused_LATENCY_is_not_1_or_2
      vit_ram_LATENCY_is_not_1_or_2 u_refused ();
    end
  endgenerate
endmodule
