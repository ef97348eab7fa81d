// The magnitudes of rows of codes: of each row the OR of its codes' magnitudes, which is as long as the largest of
// them. Groups of columns come as they are written; the rows of a row tile begin anew with `begins`.
// A row tile that has been written may be read in the second cycle after its last column, with read latency 1.
module vit_row_magnitudes #(
  parameter LANES          = 8,   // [lanes] tokens of a row tile
  parameter VECTOR_COLUMNS = 1,   // [columns] of a group
  parameter ELEMENT_BITS   = 16,  // [bits] a code, signed
  parameter ROW_TILES      = 4,   // [row tiles] of an image
  parameter ROW_INDEX_BITS = 2    // [bits] number of a row tile
) (
  input  wire                                         aclk,
  input  wire                                         in_valid,
  input  wire                                         begins,
  input  wire [ROW_INDEX_BITS-1:0]                    in_row,
  input  wire [VECTOR_COLUMNS*LANES*ELEMENT_BITS-1:0] in_col,  // column v, token r at v*LANES + r
  input  wire [ROW_INDEX_BITS-1:0]                    row,
  output reg  [LANES*ELEMENT_BITS-1:0]                magnitude
);
  (* ram_style = "distributed" *) reg [LANES*ELEMENT_BITS-1:0] rows [0:ROW_TILES-1];
  reg                                          valid1, begins1;
  reg  [ROW_INDEX_BITS-1:0]                    row1;
  reg  [VECTOR_COLUMNS*LANES*ELEMENT_BITS-1:0] column1;
  wire [LANES*ELEMENT_BITS-1:0]                known = begins1 ? {LANES*ELEMENT_BITS{1'b0}} : rows[row1];
  wire [LANES*ELEMENT_BITS-1:0]                gathered;
  genvar g, h;
  generate
    for (g = 0; g < VECTOR_COLUMNS*LANES; g = g + 1) begin : gen_code
      wire [ELEMENT_BITS-1:0] code = in_col[g*ELEMENT_BITS +: ELEMENT_BITS];
      wire                    sign = code[ELEMENT_BITS-1];
      always @(posedge aclk)
        column1[g*ELEMENT_BITS +: ELEMENT_BITS] <= (code ^ {ELEMENT_BITS{sign}}) + {{(ELEMENT_BITS-1){1'b0}}, sign};
    end
    for (g = 0; g < LANES; g = g + 1) begin : gen_row
      for (h = 0; h < ELEMENT_BITS; h = h + 1) begin : gen_bit
        wire [VECTOR_COLUMNS-1:0] ones;
        genvar v;
        for (v = 0; v < VECTOR_COLUMNS; v = v + 1) begin : gen_column
          assign ones[v] = column1[(v*LANES + g)*ELEMENT_BITS + h];
        end
        assign gathered[g*ELEMENT_BITS + h] = known[g*ELEMENT_BITS + h] | (|ones);
      end
    end
  endgenerate
  always @(posedge aclk) begin
    valid1    <= in_valid;
    begins1   <= begins;
    row1      <= in_row;
    if (valid1) rows[row1] <= gathered;
    magnitude <= rows[row];
  end

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (ROW_TILES > (1 << ROW_INDEX_BITS)) begin : gen_refused_ROW_TILES_needs_more_bits_than_ROW_INDEX_BITS
      vit_row_magnitudes_ROW_TILES_needs_more_bits_than_ROW_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
