// Packs SLOTS consecutive columns of LANES elements into one memory word: element (k, r) of the
// word is lane r of column k. A row that ends inside a word is filled with zeros.
// Latency: 1 cycle from the word's last column to out_valid.
module vit_column_packer #(
  parameter LANES        = 8,  // [lanes] elements of a column, or of a group of columns
  parameter SLOTS        = 2,  // [columns] or groups of columns, in a word
  parameter ELEMENT_BITS = 8,  // [bits] an element
  parameter ADDR_BITS    = 10  // [bits] address of a word
) (
  input  wire                                aclk,
  input  wire                                aresetn,
  input  wire                                in_valid,
  input  wire [7:0]                          in_slot,  // place of the column in its word, 0 .. SLOTS-1
  input  wire                                in_last,  // last column of the row: write the word now
  input  wire [ADDR_BITS-1:0]                in_addr,  // address of the word
  input  wire [LANES*ELEMENT_BITS-1:0]       in_col,
  output reg                                 out_valid,
  output reg  [ADDR_BITS-1:0]                out_addr,
  output reg  [SLOTS*LANES*ELEMENT_BITS-1:0] out_word
);
  integer k;
  always @(posedge aclk) begin
    out_valid <= aresetn & in_valid & (in_last | in_slot == SLOTS[7:0] - 8'd1);
    out_addr  <= in_addr;
    if (in_valid)
      for (k = 0; k < SLOTS; k = k + 1)
        if (in_slot == k[7:0])      out_word[k*LANES*ELEMENT_BITS +: LANES*ELEMENT_BITS] <= in_col;
        else if (in_slot == 8'd0)   out_word[k*LANES*ELEMENT_BITS +: LANES*ELEMENT_BITS] <= {LANES*ELEMENT_BITS{1'b0}};
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (in_valid && in_slot >= SLOTS) begin
        $display("%m: a column past the end of its word");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (SLOTS < 1 || SLOTS > 255) begin : gen_refused_SLOTS_is_not_1_to_255
      vit_column_packer_SLOTS_is_not_1_to_255 u_refused ();
    end
  endgenerate
endmodule
