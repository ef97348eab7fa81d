// Residual stream: rows of words of VC channels x TM tokens, read latency 2, and the sums of its rows.
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
  input  wire                aclk,
  input  wire                aresetn,<% if not .Windowed %>               // for assertions<% end %>
<%- if .Windowed %>
  // Rows are moved into another order.
  input  wire                start_regroup,
  /* verilator lint_off UNUSED */ // the fields that this module needs
  input  wire [DESCW-1:0]    step_desc,
  /* verilator lint_on UNUSED */
  output wire                regrouping,
<%- end %>
  // The position embedding.
  input  wire                pos_we,
  /* verilator lint_off UNUSED */ // as many bits as it has
  input  wire [ASMW-1:0]     word,
  input  wire [15:0]         word_index,
  // The residual add: what it adds to is read, and its sum written, with their place among the tiles.
  input  wire [RES_AW-1:0]   add_addr,
  input  wire                out_valid,
  input  wire [2:0]          out_to,
  input  wire                out_first_tile, out_first, out_last,
  input  wire [ROWW-1:0]     out_row,
  input  wire [AW-1:0]       out_addr,
  input  wire [VL*YW-1:0]    y_out,
  // Readers: whoever adds behind LayerNorm has its turn then.
  input  wire                norm_reading,
  input  wire [AW-1:0]       norm_raddr,
<%- if .PoolStream %>
  input  wire                pool_reading,
  input  wire [AW-1:0]       pool_raddr,
<%- end %>
  output wire [VL*RB-1:0]    res_rdata,
  // Rows that LayerNorm<% if .PoolStream %> or the pool<% end %> makes.
<%- if .NormToResidual %>
  input  wire                norm_we,
  input  wire [AW-1:0]       norm_waddr,
  input  wire                norm_first, norm_last,  // group of columns
  input  wire [ROWW-1:0]     norm_tile,              // row tile
  input  wire [VL*LB-1:0]    norm_col,
<%- end %>
<%- if .PoolStream %>
  input  wire                pool_we, pool_last,
  input  wire [AW-1:0]       pool_waddr,
  input  wire [VC*POOL_OB-1:0] pool_word,            // of one row: lane 0
<%- end %>
  /* verilator lint_on UNUSED */
  // Sums of a row tile, read latency 1.
  input  wire                reading_sums,
  input  wire [ROWW-1:0]     sums_row,
  output wire [TM*S1W-1:0]   row_s1,
  output wire [TM*S2W-1:0]   row_s2
);
  wire add = out_valid && out_to == TO_RESIDUAL;
  genvar g;
<%- if .Windowed %>
<% fields "s_" "step_desc" %>

  localparam [31:0]  ROW_WORDS = D / VC;
  /* verilator lint_off UNUSED */
  wire [31:0]        row_words = (ROW_WORDS << s_widen) - 32'd1;
  wire [AW-1:0]      regroup_raddr, regroup_waddr;
  /* verilator lint_on UNUSED */
  wire               regroup_we, regroup_first, regroup_last;
  wire [ROWW-1:0]    regroup_row;
  wire [VL*RB-1:0]   regroup_word;
  vit_row_regroup #(.LANES(TM), .VC(VC), .RB(RB), .AW(AW), .GIW(GIW), .MOVES(MOVES), .MOVES_AW(MOVES_AW),
                    .ROWW(ROWW)) u_regroup (
    .aclk(aclk), .aresetn(aresetn), .start(start_regroup), .tiles_1(s_mt_1), .join_1(s_join_1),
    .words_1(row_words[GIW-1:0]), .from(s_res_from), .to(s_res_to), .table_first(s_table), .running(regrouping),
    .res_addr(regroup_raddr), .res_col(res_rdata), .we(regroup_we), .waddr(regroup_waddr), .word(regroup_word),
    .first(regroup_first), .last(regroup_last), .row(regroup_row)
  );
<%- end %>
<%- if .Rows %>

  // Whole rows<% if .Windowed %>, made or moved<% end %>.
  wire               row_we, row_first, row_last;
  /* verilator lint_off UNUSED */
  wire [AW-1:0]      row_addr;
  /* verilator lint_on UNUSED */
  wire [ROWW-1:0]    row_tile;
  wire [VL*RB-1:0]   row_in;
<%- if and .NormToResidual .PoolStream %>
  assign row_we    = norm_we || pool_we;
  assign row_addr  = norm_we ? norm_waddr : pool_waddr;
  assign row_first = norm_we ? norm_first : pool_waddr == {AW{1'b0}};
  assign row_last  = norm_we ? norm_last : pool_last;
  assign row_tile  = norm_we ? norm_tile : {ROWW{1'b0}};
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
  assign row_first = pool_waddr == {AW{1'b0}};
  assign row_last  = pool_last;
  assign row_tile  = {ROWW{1'b0}};
<%- end %>
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_row_in
<%- if and .NormToResidual .PoolStream %>
      if (g % TM == 0) begin : gen_pooled
        assign row_in[g*RB +: RB] = norm_we ? norm_col[g*LB +: RB] : pool_word[(g/TM)*RB +: RB];
      end else begin : gen_normed
        assign row_in[g*RB +: RB] = norm_col[g*LB +: RB];
      end
<%- else if and .NormToResidual .Windowed %>
      assign row_in[g*RB +: RB] = regroup_we ? regroup_word[g*RB +: RB] : norm_col[g*LB +: RB];
<%- else if .NormToResidual %>
      assign row_in[g*RB +: RB] = norm_col[g*LB +: RB];
<%- else %>
      if (g % TM == 0) begin : gen_pooled
        assign row_in[g*RB +: RB] = pool_word[(g/TM)*RB +: RB];
      end else begin : gen_empty
        assign row_in[g*RB +: RB] = {RB{1'b0}};
      end
<%- end %>
    end
  endgenerate
<%- end %>

  wire [VL*RB-1:0]   sum;                            // of the residual add
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_sum
      assign sum[g*RB +: RB] = y_out[g*YW +: RB];
    end
  endgenerate
  /* verilator lint_off UNUSED */
  wire [RES_AW-1:0]  res_raddr = norm_reading ? norm_raddr[RES_AW-1:0]
<%- if .PoolStream %>
                               : pool_reading ? pool_raddr[RES_AW-1:0]
<%- end %>
<%- if .Windowed %>
                               : regrouping ? regroup_raddr[RES_AW-1:0]
<%- end %>
                               : add_addr;
  wire [AW-1:0]      res_waddr = pos_we ? word_index[AW-1:0]<% if .Rows %> : row_we ? row_addr<% end %> : out_addr;
  /* verilator lint_on UNUSED */
  vit_ram #(.WIDTH(VL*RB), .DEPTH(RES_DEPTH), .AW(RES_AW), .STYLE(RES_STYLE)) u_residual (
    .aclk(aclk), .we(pos_we | add<% if .Rows %> | row_we<% end %>), .waddr(res_waddr[RES_AW-1:0]),
    .wdata(pos_we ? word[VL*RB-1:0] :<% if .Rows %> row_we ? row_in :<% end %> sum), .raddr(res_raddr),
    .rdata(res_rdata)
  );

  vit_row_sums #(.LANES(TM), .VC(VC), .ROWS(ROWS), .ROWW(ROWW), .RB(RB), .S1W(S1W), .S2W(S2W)) u_row_sums (
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
      if ((pos_we || add<% if .Rows %> || row_we<% end %>) && res_waddr >= RES_DEPTH) begin
        $display("%m: a word past the end of the residual stream");
        $stop;
      end
      if (add && out_row >= ROWS) begin
        $display("%m: a row tile past the last");
        $stop;
      end
      if (reading_sums && sums_row >= ROWS) begin
        $display("%m: the sums of a row tile past the last");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
