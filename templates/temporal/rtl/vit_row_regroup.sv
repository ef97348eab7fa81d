// Moves rows of the residual stream into another order: into windows of attention, shifted or not, or their own. Where
// JOIN rows lie side by side in each that comes out, they come one after the other. Where rows were is in a table
// (moves.mem): for each row tile, each of the rows side by side, and each lane, the word of a row's first channels and
// its lane.
//
//   for row tile, for row of those side by side, for word of a row, for lane: one word is read, its lane kept
//
// A word of LANES lanes is written every LANES cycles. What is written goes to the sums of the rows as well.
module vit_row_regroup #(
  parameter LANES            = 8,   // [lanes] tokens of a row tile
  parameter VECTOR_COLUMNS   = 1,   // [columns] of a group: those that leave the array in a cycle
  parameter RESIDUAL_BITS    = 16,  // [bits] residual stream, signed
  parameter ADDR_BITS        = 16,  // [bits] address in the residual stream
  parameter GROUP_INDEX_BITS = 6,   // [bits] number of a group of VECTOR_COLUMNS channels
  parameter MOVES            = 64,  // [entries] of the table of moved rows
  parameter MOVE_INDEX_BITS  = 6,   // [bits] number of an entry
  parameter ROW_INDEX_BITS   = 2    // [bits] number of a row tile
) (
  input  wire                                          aclk,
  input  wire                                          aresetn,
  input  wire                                          start,
  // One op, with its start.
  input  wire [15:0]                                   tiles_1,   // row tiles that come out, less one
  input  wire [1:0]                                    join_1,    // rows side by side, less one
  input  wire [GROUP_INDEX_BITS-1:0]                   words_1,   // words of a row that is read, less one
  input  wire [ADDR_BITS-1:0]                          from, to,  // first word of the residual stream
  /* verilator lint_off UNUSED */             // as many bits as the table has
  input  wire [19:0]                                   table_first,
  /* verilator lint_on UNUSED */
  output reg                                           running,
  // Residual stream, read latency 2.
  output reg  [ADDR_BITS-1:0]                          res_addr,
  input  wire [VECTOR_COLUMNS*LANES*RESIDUAL_BITS-1:0] res_col,
  output reg                                           we,
  output reg  [ADDR_BITS-1:0]                          waddr,
  output reg  [VECTOR_COLUMNS*LANES*RESIDUAL_BITS-1:0] word,      // column v, token r at (v*LANES + r)*RESIDUAL_BITS
  // Of the word that is written.
  output reg                                           first,     // of its row tile
  output reg                                           last,
  output reg  [ROW_INDEX_BITS-1:0]                     row
);
  localparam LANE_INDEX_BITS = LANES > 1 ? $clog2(LANES) : 1;
  localparam ENTRY_BITS      = ADDR_BITS + LANE_INDEX_BITS + 1;   // of an entry: there is a row, its word, its lane
  localparam [31:0]                LANES_1   = LANES - 1;
  localparam [LANE_INDEX_BITS-1:0] LAST_LANE = LANES_1[LANE_INDEX_BITS-1:0];
  (* rom_style = "block" *) reg [ENTRY_BITS-1:0] moved [0:MOVES-1];
  initial $readmemh("moves.mem", moved);

  // The walk; what is the last in its loop waits in registers.
  reg                         run;
  reg  [LANE_INDEX_BITS-1:0]  lane;
  reg  [GROUP_INDEX_BITS-1:0] group, groups_left;
  reg  [1:0]                  part;
  reg  [15:0]                 tile;
  reg  [MOVE_INDEX_BITS-1:0]  entry, entry_first;
  reg  [15:0]                 last_tile;
  reg  [1:0]                  last_part;
  reg  [GROUP_INDEX_BITS-1:0] words_left;     // of a row, less one
  reg  [ADDR_BITS-1:0]        from_first;
  wire                        end_lane  = lane == LAST_LANE;
  wire                        end_group = end_lane && groups_left == {GROUP_INDEX_BITS{1'b0}};
  wire                        end_part  = end_group && part == last_part;
  wire                        end_all   = end_part && tile == last_tile;
  always @(posedge aclk) begin
    if (!aresetn) run <= 1'b0;
    else          run <= start || (run && !end_all);
    if (start) begin
      lane        <= {LANE_INDEX_BITS{1'b0}};
      group       <= {GROUP_INDEX_BITS{1'b0}};
      groups_left <= words_1;
      words_left  <= words_1;
      last_tile   <= tiles_1;
      last_part   <= join_1;
      from_first  <= from;
      part        <= 2'd0;
      tile        <= 16'd0;
      entry       <= table_first[MOVE_INDEX_BITS-1:0];
      entry_first <= table_first[MOVE_INDEX_BITS-1:0];
    end else if (run) begin
      lane  <= end_lane ? {LANE_INDEX_BITS{1'b0}} : lane + 1'b1;
      entry <= end_lane && !end_group ? entry_first : entry + 1'b1;
      if (end_lane) begin
        group       <= end_group ? {GROUP_INDEX_BITS{1'b0}} : group + 1'b1;
        groups_left <= end_group ? words_left : groups_left - 1'b1;
      end
      if (end_group) begin
        entry_first <= entry + 1'b1;
        part        <= end_part ? 2'd0 : part + 2'd1;
      end
      if (end_part) tile <= tile + 16'd1;
    end
  end

  // What travels with a row's word: 1, 2: the entry is read; 3: its word; 4: its address; 6: it is there; 7: its lane;
  // 8: it is in the word that comes out.
  localparam TRAVEL_BITS = 5 + GROUP_INDEX_BITS + ROW_INDEX_BITS;
  reg  [7*TRAVEL_BITS-1:0]    travels;
  wire                        begins = group == {GROUP_INDEX_BITS{1'b0}} && part == 2'd0;
  wire [TRAVEL_BITS-1:0]      now = {run, end_lane, begins, end_part, end_all, group, tile[ROW_INDEX_BITS-1:0]};
  reg  [ENTRY_BITS-1:0]       entry1, entry2;
  reg  [ADDR_BITS-1:0]        first3;
  reg  [4*(LANE_INDEX_BITS+1)-1:0] lanes;        // of the rows on their way, and whether there is one
  wire [GROUP_INDEX_BITS-1:0] group3 = travels[2*TRAVEL_BITS + ROW_INDEX_BITS +: GROUP_INDEX_BITS];
  always @(posedge aclk) begin
    travels  <= aresetn ? {travels[6*TRAVEL_BITS-1:0], now} : {(7*TRAVEL_BITS){1'b0}};
    entry1   <= moved[entry];
    entry2   <= entry1;
    first3   <= from_first + entry2[LANE_INDEX_BITS +: ADDR_BITS];
    res_addr <= first3 + {{(ADDR_BITS-GROUP_INDEX_BITS){1'b0}}, group3};
    lanes    <= {lanes[3*(LANE_INDEX_BITS+1)-1:0], entry2[ENTRY_BITS-1], entry2[LANE_INDEX_BITS-1:0]};
  end
  wire [LANE_INDEX_BITS:0]                lane6 = lanes[3*(LANE_INDEX_BITS+1) +: LANE_INDEX_BITS+1];
  reg  [VECTOR_COLUMNS*RESIDUAL_BITS-1:0] row7;  // a row's channels
  integer v, r;
  reg  [1:0]       finish;                       // the last word is written; a cycle later
  always @(posedge aclk) begin
    for (v = 0; v < VECTOR_COLUMNS; v = v + 1) begin
      row7[v*RESIDUAL_BITS +: RESIDUAL_BITS] <= {RESIDUAL_BITS{1'b0}};
      for (r = 0; r < LANES; r = r + 1)
        if (lane6[LANE_INDEX_BITS] && lane6[LANE_INDEX_BITS-1:0] == r[LANE_INDEX_BITS-1:0])
          row7[v*RESIDUAL_BITS +: RESIDUAL_BITS] <= res_col[(v*LANES + r)*RESIDUAL_BITS +: RESIDUAL_BITS];
    end
  end
  wire                        valid7, whole7, first7, last7, all7;
  /* verilator lint_off UNUSED */
  wire [GROUP_INDEX_BITS-1:0] group7;
  /* verilator lint_on UNUSED */
  wire [ROW_INDEX_BITS-1:0]   tile7;
  assign {valid7, whole7, first7, last7, all7, group7, tile7} = travels[6*TRAVEL_BITS +: TRAVEL_BITS];
  always @(posedge aclk) begin
    if (valid7)
      for (v = 0; v < VECTOR_COLUMNS; v = v + 1)
        for (r = 0; r < LANES; r = r + 1)
          word[(v*LANES + r)*RESIDUAL_BITS +: RESIDUAL_BITS] <=
              r == LANES - 1 ? row7[v*RESIDUAL_BITS +: RESIDUAL_BITS]
                             : word[(v*LANES + (r + 1)%LANES)*RESIDUAL_BITS +: RESIDUAL_BITS];
    we    <= aresetn && valid7 && whole7;
    first <= first7;
    last  <= last7;
    row   <= tile7;
    waddr <= start ? to - 1'b1 : valid7 && whole7 ? waddr + 1'b1 : waddr;
    if (!aresetn)    running <= 1'b0;
    else if (start)  running <= 1'b1;
    else if (finish[1]) running <= 1'b0;
    finish <= aresetn ? {finish[0], valid7 && all7} : 2'd0;
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (start && run) begin
        $display("%m: rows are moved while others are");
        $stop;
      end
      if (run && entry >= MOVES) begin
        $display("%m: an entry past the end of the table of moved rows");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (MOVES > (1 << MOVE_INDEX_BITS)) begin : gen_refused_MOVES_needs_more_bits_than_MOVE_INDEX_BITS
      vit_row_regroup_MOVES_needs_more_bits_than_MOVE_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
