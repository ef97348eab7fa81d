// Residual stream: rows of words of VECTOR_COLUMNS channels x TM tokens, read latency 2, and the sums of its rows.
//
// It is filled with the position embedding first. The residual add reads and writes it, LayerNorm reads it.
<%- if .NormToResidual %>
// LayerNorm may write it as well.
<%- end %>
<%- if .PoolStream %>
// The pool reads it and writes a row.
<%- end %>
<%- if .Windowed %>
// Its rows are moved into other orders.
<%- end %>
// The sums are gathered as rows are finished, for the LayerNorm that reads them.
module vit_residual_stream #(
<% constants %>
) (
  input  wire                                     aclk,
  input  wire                                     aresetn,<% if not .Windowed %>  // for assertions<% end %>
<%- if .Windowed %>
  // Rows are moved into another order.
  input  wire                                     start_regroup,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCRIPTOR_BITS-1:0]               step_desc,
  /* verilator lint_on UNUSED */
  output wire                                     regrouping,
<%- end %>
  // The position embedding.
  input  wire                                     pos_we,
  /* verilator lint_off UNUSED */ // as many bits as it has
  input  wire [STREAM_WORD_BITS-1:0]              word,
  input  wire [15:0]                              word_index,
  // The residual add: what it adds to is read, and its sum written, with their place among the tiles.
  input  wire [RESIDUAL_ADDR_BITS-1:0]            add_addr,
  input  wire                                     out_valid,
  input  wire [2:0]                               out_to,
  input  wire                                     out_first_tile, out_first, out_last,
  input  wire [ROW_INDEX_BITS-1:0]                out_row,
  input  wire [ADDR_BITS-1:0]                     out_addr,
  input  wire [VECTOR_LANES*REQUANTIZED_BITS-1:0] y_out,
  // Readers: whoever adds behind LayerNorm has its turn then.
  input  wire                                     norm_reading,
  input  wire [ADDR_BITS-1:0]                     norm_raddr,
<%- if .PoolStream %>
  input  wire                                     pool_reading,
  input  wire [ADDR_BITS-1:0]                     pool_raddr,
<%- end %>
  output wire [VECTOR_LANES*RESIDUAL_BITS-1:0]    res_rdata,
  // Rows that LayerNorm<% if .PoolStream %> or the pool<% end %> makes.
<%- if .NormToResidual %>
  input  wire                                     norm_we,
  input  wire [ADDR_BITS-1:0]                     norm_waddr,
  input  wire                                     norm_first, norm_last,  // group of columns
  input  wire [ROW_INDEX_BITS-1:0]                norm_tile,              // row tile
  input  wire [VECTOR_LANES*NORM_OUT_BITS-1:0]    norm_col,
<%- end %>
<%- if .PoolStream %>
  input  wire                                     pool_we, pool_last,
  input  wire [ADDR_BITS-1:0]                     pool_waddr,
  input  wire [VECTOR_COLUMNS*POOL_OUT_BITS-1:0]  pool_word,               // of one row: lane 0
<%- end %>
  /* verilator lint_on UNUSED */
  // Sums of a row tile, read latency 1.
  input  wire                                     reading_sums,
  input  wire [ROW_INDEX_BITS-1:0]                sums_row,
  output wire [TM*SUM_BITS-1:0]                   row_s1,
  output wire [TM*SQUARE_SUM_BITS-1:0]            row_s2
);
  wire add = out_valid && out_to == TO_RESIDUAL;
  genvar g;
<%- if .Windowed %>
<% fields "s_" "step_desc" %>

  localparam [31:0]  ROW_WORDS = CHANNELS / VECTOR_COLUMNS;
  /* verilator lint_off UNUSED */
  wire [31:0]                           row_words = (ROW_WORDS << s_widen) - 32'd1;
  wire [ADDR_BITS-1:0]                  regroup_raddr, regroup_waddr;
  /* verilator lint_on UNUSED */
  wire                                  regroup_we, regroup_first, regroup_last;
  wire [ROW_INDEX_BITS-1:0]             regroup_row;
  wire [VECTOR_LANES*RESIDUAL_BITS-1:0] regroup_word;
  vit_row_regroup #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .RESIDUAL_BITS(RESIDUAL_BITS), .ADDR_BITS(ADDR_BITS),
                    .GROUP_INDEX_BITS(GROUP_INDEX_BITS), .MOVES(MOVES), .MOVE_INDEX_BITS(MOVE_INDEX_BITS),
                    .ROW_INDEX_BITS(ROW_INDEX_BITS)) u_regroup (
    .aclk(aclk), .aresetn(aresetn), .start(start_regroup), .tiles_1(s_mt_1), .join_1(s_join_1),
    .words_1(row_words[GROUP_INDEX_BITS-1:0]), .from(s_res_from), .to(s_res_to), .table_first(s_table),
    .running(regrouping),
    .res_addr(regroup_raddr), .res_col(res_rdata), .we(regroup_we), .waddr(regroup_waddr), .word(regroup_word),
    .first(regroup_first), .last(regroup_last), .row(regroup_row)
  );
<%- end %>
<%- if .Rows %>

  // Whole rows<% if .Windowed %>, made or moved<% end %>.
  wire                                  row_we, row_first, row_last;
  /* verilator lint_off UNUSED */
  wire [ADDR_BITS-1:0]                  row_addr;
  /* verilator lint_on UNUSED */
  wire [ROW_INDEX_BITS-1:0]             row_tile;
  wire [VECTOR_LANES*RESIDUAL_BITS-1:0] row_in;
<%- if and .NormToResidual .PoolStream %>
  assign row_we    = norm_we || pool_we;
  assign row_addr  = norm_we ? norm_waddr : pool_waddr;
  assign row_first = norm_we ? norm_first : pool_waddr == {ADDR_BITS{1'b0}};
  assign row_last  = norm_we ? norm_last : pool_last;
  assign row_tile  = norm_we ? norm_tile : {ROW_INDEX_BITS{1'b0}};
<%- else if and .NormToResidual .Windowed %>
  assign row_we    = norm_we || regroup_we;
  assign row_addr  = regroup_we ? regroup_waddr : norm_waddr;
  assign row_first = regroup_we ? regroup_first : norm_first;
  assign row_last  = regroup_we ? regroup_last : norm_last;
  assign row_tile  = regroup_we ? regroup_row : norm_tile;
<%- else if .NormToResidual %>
  assign row_we    = norm_we;
  assign row_addr  = norm_waddr;
  assign row_first = norm_first;
  assign row_last  = norm_last;
  assign row_tile  = norm_tile;
<%- else %>
  assign row_we    = pool_we;
  assign row_addr  = pool_waddr;
  assign row_first = pool_waddr == {ADDR_BITS{1'b0}};
  assign row_last  = pool_last;
  assign row_tile  = {ROW_INDEX_BITS{1'b0}};
<%- end %>
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_row_in
<%- if and .NormToResidual .PoolStream %>
      if (g % TM == 0) begin : gen_pooled
        assign row_in[g*RESIDUAL_BITS +: RESIDUAL_BITS] = norm_we ? norm_col[g*NORM_OUT_BITS +: RESIDUAL_BITS]
                                                        : pool_word[(g/TM)*RESIDUAL_BITS +: RESIDUAL_BITS];
      end else begin : gen_normed
        assign row_in[g*RESIDUAL_BITS +: RESIDUAL_BITS] = norm_col[g*NORM_OUT_BITS +: RESIDUAL_BITS];
      end
<%- else if and .NormToResidual .Windowed %>
      assign row_in[g*RESIDUAL_BITS +: RESIDUAL_BITS] = regroup_we ? regroup_word[g*RESIDUAL_BITS +: RESIDUAL_BITS]
                                                      : norm_col[g*NORM_OUT_BITS +: RESIDUAL_BITS];
<%- else if .NormToResidual %>
      assign row_in[g*RESIDUAL_BITS +: RESIDUAL_BITS] = norm_col[g*NORM_OUT_BITS +: RESIDUAL_BITS];
<%- else %>
      if (g % TM == 0) begin : gen_pooled
        assign row_in[g*RESIDUAL_BITS +: RESIDUAL_BITS] = pool_word[(g/TM)*RESIDUAL_BITS +: RESIDUAL_BITS];
      end else begin : gen_empty
        assign row_in[g*RESIDUAL_BITS +: RESIDUAL_BITS] = {RESIDUAL_BITS{1'b0}};
      end
<%- end %>
    end
  endgenerate
<%- end %>

  wire [VECTOR_LANES*RESIDUAL_BITS-1:0] sum;         // of the residual add
  generate
    for (g = 0; g < VECTOR_LANES; g = g + 1) begin : gen_sum
      assign sum[g*RESIDUAL_BITS +: RESIDUAL_BITS] = y_out[g*REQUANTIZED_BITS +: RESIDUAL_BITS];
    end
  endgenerate
  /* verilator lint_off UNUSED */
  wire [RESIDUAL_ADDR_BITS-1:0] res_raddr = norm_reading ? norm_raddr[RESIDUAL_ADDR_BITS-1:0]
<%- if .PoolStream %>
                                        : pool_reading ? pool_raddr[RESIDUAL_ADDR_BITS-1:0]
<%- end %>
<%- if .Windowed %>
                                        : regrouping ? regroup_raddr[RESIDUAL_ADDR_BITS-1:0]
<%- end %>
                                        : add_addr;
  wire [ADDR_BITS-1:0] res_waddr = pos_we ? word_index[ADDR_BITS-1:0]<% if .Rows %>
                                 : row_we ? row_addr<% end %> : out_addr;
  /* verilator lint_on UNUSED */
  vit_ram #(.WIDTH(VECTOR_LANES*RESIDUAL_BITS), .DEPTH(RESIDUAL_DEPTH), .ADDR_BITS(RESIDUAL_ADDR_BITS),
            .STYLE(RESIDUAL_STYLE)) u_residual (
    .aclk(aclk), .we(pos_we | add<% if .Rows %> | row_we<% end %>), .waddr(res_waddr[RESIDUAL_ADDR_BITS-1:0]),
    .wdata(pos_we ? word[VECTOR_LANES*RESIDUAL_BITS-1:0] :<% if .Rows %> row_we ? row_in :<% end %> sum),
    .raddr(res_raddr),
    .rdata(res_rdata)
  );

  vit_row_sums #(.LANES(TM), .VECTOR_COLUMNS(VECTOR_COLUMNS), .ROW_TILES(ROW_TILES), .ROW_INDEX_BITS(ROW_INDEX_BITS),
                 .RESIDUAL_BITS(RESIDUAL_BITS), .SUM_BITS(SUM_BITS), .SQUARE_SUM_BITS(SQUARE_SUM_BITS)) u_row_sums (
<%- if .Rows %>
    .aclk(aclk), .in_valid(add || row_we), .in_first_tile(row_we || out_first_tile),
    .in_first(row_we ? row_first : out_first), .in_last(row_we ? row_last : out_last),
    .in_row(row_we ? row_tile : out_row), .in_x(row_we ? row_in : sum),
<%- else %>
    .aclk(aclk), .in_valid(add), .in_first_tile(out_first_tile), .in_first(out_first), .in_last(out_last),
    .in_row(out_row), .in_x(sum),
<%- end %>
    .row(sums_row), .reading(reading_sums), .s1(row_s1), .s2(row_s2)
  );

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
<%- if .Rows %>
      if ((pos_we && add) || ((pos_we || add) && row_we)) begin
        $display("%m: two write the residual stream in a cycle");
        $stop;
      end
<%- end %>
<%- if not .Rows %>
      if (pos_we && add) begin
        $display("%m: two write the residual stream in a cycle");
        $stop;
      end
<%- end %>
      if ((pos_we || add<% if .Rows %> || row_we<% end %>) && res_waddr >= RESIDUAL_DEPTH) begin
        $display("%m: a word past the end of the residual stream");
        $stop;
      end
      if (add && out_row >= ROW_TILES) begin
        $display("%m: a row tile past the last");
        $stop;
      end
      if (reading_sums && sums_row >= ROW_TILES) begin
        $display("%m: the sums of a row tile past the last");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
