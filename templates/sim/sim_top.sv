// Simulation top: the accelerator and, beside its bus, what the harness watches inside it.
module sim_top (
  input  wire         aclk,
  input  wire         aresetn,
  input  wire [5:0]   s_axi_awaddr,
  input  wire         s_axi_awvalid,
  output wire         s_axi_awready,
  input  wire [31:0]  s_axi_wdata,
  input  wire [3:0]   s_axi_wstrb,
  input  wire         s_axi_wvalid,
  output wire         s_axi_wready,
  output wire [1:0]   s_axi_bresp,
  output wire         s_axi_bvalid,
  input  wire         s_axi_bready,
  input  wire [5:0]   s_axi_araddr,
  input  wire         s_axi_arvalid,
  output wire         s_axi_arready,
  output wire [31:0]  s_axi_rdata,
  output wire [1:0]   s_axi_rresp,
  output wire         s_axi_rvalid,
  input  wire         s_axi_rready,
  output wire [39:0]  m_axi_araddr,
  output wire [7:0]   m_axi_arlen,
  output wire [2:0]   m_axi_arsize,
  output wire [1:0]   m_axi_arburst,
  output wire [3:0]   m_axi_arcache,
  output wire [2:0]   m_axi_arprot,
  output wire         m_axi_arvalid,
  input  wire         m_axi_arready,
  input  wire [<% .BusBits %>-1:0]  m_axi_rdata,
  input  wire [1:0]   m_axi_rresp,
  input  wire         m_axi_rlast,
  input  wire         m_axi_rvalid,
  output wire         m_axi_rready,
  output wire [39:0]  m_axi_awaddr,
  output wire [7:0]   m_axi_awlen,
  output wire [2:0]   m_axi_awsize,
  output wire [1:0]   m_axi_awburst,
  output wire [3:0]   m_axi_awcache,
  output wire [2:0]   m_axi_awprot,
  output wire         m_axi_awvalid,
  input  wire         m_axi_awready,
  output wire [<% .BusBits %>-1:0]  m_axi_wdata,
  output wire [<% .BusBits %>/8-1:0] m_axi_wstrb,
  output wire         m_axi_wlast,
  output wire         m_axi_wvalid,
  input  wire         m_axi_wready,
  input  wire [1:0]   m_axi_bresp,
  input  wire         m_axi_bvalid,
  output wire         m_axi_bready,
  // Watched inside.
  output wire         trace_start,               // the run's first cycle
  // Ports of what is produced: 0 the drain, 1 LayerNorm, 2 softmax, 3 the patches.
  output wire [3:0]   trace_valid,               // columns of the port's op
  output wire [4*12-1:0] trace_op,
  output wire [4*8-1:0]  trace_count,            // how many
  output wire [<% .VC %>*<% .TM %>*32-1:0] trace_drain,
  output wire [<% .VC %>*<% .TM %>*32-1:0] trace_norm,
  output wire [<% .VC %>*<% .TM %>*32-1:0] trace_softmax,
  output wire [<% .TK %>*<% .TM %>*32-1:0] trace_patches,
  output wire [4:0]   trace_end,                 // the port's op ends in this cycle; 4: the store
  output wire [5*12-1:0] trace_end_op,
  // The sums over a token's channels that LayerNorm takes in this cycle, and for which op.
  output wire         trace_sums,
  output wire [11:0]  trace_norm_op,
  output wire [31:0]  trace_sums_row,            // the token
  output wire [63:0]  trace_s1,
  output wire [63:0]  trace_s2,
  output wire [3:0]   trace_cause,               // what the array's cycle is spent on, and for which op
  output wire [11:0]  trace_cause_op
);
  vit_accel_top u_accel (
    .aclk(aclk), .aresetn(aresetn),
    .s_axi_awaddr(s_axi_awaddr), .s_axi_awvalid(s_axi_awvalid), .s_axi_awready(s_axi_awready),
    .s_axi_wdata(s_axi_wdata), .s_axi_wstrb(s_axi_wstrb), .s_axi_wvalid(s_axi_wvalid),
    .s_axi_wready(s_axi_wready), .s_axi_bresp(s_axi_bresp), .s_axi_bvalid(s_axi_bvalid),
    .s_axi_bready(s_axi_bready), .s_axi_araddr(s_axi_araddr), .s_axi_arvalid(s_axi_arvalid),
    .s_axi_arready(s_axi_arready), .s_axi_rdata(s_axi_rdata), .s_axi_rresp(s_axi_rresp),
    .s_axi_rvalid(s_axi_rvalid), .s_axi_rready(s_axi_rready),
    .m_axi_araddr(m_axi_araddr), .m_axi_arlen(m_axi_arlen), .m_axi_arsize(m_axi_arsize),
    .m_axi_arburst(m_axi_arburst), .m_axi_arcache(m_axi_arcache), .m_axi_arprot(m_axi_arprot),
    .m_axi_arvalid(m_axi_arvalid), .m_axi_arready(m_axi_arready), .m_axi_rdata(m_axi_rdata),
    .m_axi_rresp(m_axi_rresp), .m_axi_rlast(m_axi_rlast), .m_axi_rvalid(m_axi_rvalid),
    .m_axi_rready(m_axi_rready), .m_axi_awaddr(m_axi_awaddr), .m_axi_awlen(m_axi_awlen),
    .m_axi_awsize(m_axi_awsize), .m_axi_awburst(m_axi_awburst), .m_axi_awcache(m_axi_awcache),
    .m_axi_awprot(m_axi_awprot), .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready),
    .m_axi_wdata(m_axi_wdata), .m_axi_wstrb(m_axi_wstrb), .m_axi_wlast(m_axi_wlast),
    .m_axi_wvalid(m_axi_wvalid), .m_axi_wready(m_axi_wready), .m_axi_bresp(m_axi_bresp),
    .m_axi_bvalid(m_axi_bvalid), .m_axi_bready(m_axi_bready)
  );
  assign trace_start    = u_accel.u_core.start;
<%- if .Pools %>
  // What is pooled comes at LayerNorm's port: they take turns.
  wire         pooled   = u_accel.u_core.u_pool_rows.trace_valid;
  wire [11:0]  norm_op  = pooled || u_accel.u_core.u_pool_rows.trace_end
                        ? u_accel.u_core.u_pool_rows.trace_op : u_accel.u_core.u_norm_rows.trace_op;
  wire         norm_valid = u_accel.u_core.u_norm_rows.trace_valid || pooled;
  wire         norm_end = u_accel.u_core.u_norm_rows.done || u_accel.u_core.u_pool_rows.trace_end;
  wire [7:0]   norm_count = pooled ? 8'd1 : 8'd<% .VC %>;
  assign trace_norm     = {u_accel.u_core.u_norm_rows.trace_cols[<% .VC %>*<% .TM %>*32-1:32],
                           pooled ? u_accel.u_core.u_pool_rows.trace_value : u_accel.u_core.u_norm_rows.trace_cols[31:0]};
<%- else %>
  wire [11:0]  norm_op  = u_accel.u_core.u_norm_rows.trace_op;
  wire         norm_valid = u_accel.u_core.u_norm_rows.trace_valid;
  wire         norm_end = u_accel.u_core.u_norm_rows.done;
  wire [7:0]   norm_count = 8'd<% .VC %>;
  assign trace_norm     = u_accel.u_core.u_norm_rows.trace_cols;
<%- end %>
  // The store is a step like others, and has no columns.
  reg  [11:0]  store_op;
  always @(posedge aclk) if (u_accel.u_core.start_store) store_op <= u_accel.u_core.step_desc[11:0];
  assign trace_valid    = {u_accel.u_core.u_patch_rows.word_valid, u_accel.u_core.u_score_path.trace_valid, norm_valid,
                           u_accel.u_core.u_output_words.trace_valid};
  assign trace_op       = {u_accel.u_core.u_patch_rows.trace_op, u_accel.u_core.u_score_path.trace_op, norm_op,
                           u_accel.u_core.u_output_words.trace_op};
  assign trace_count    = {u_accel.u_core.u_patch_rows.trace_count, u_accel.u_core.u_score_path.trace_count, norm_count,
                           u_accel.u_core.u_output_words.trace_count};
  assign trace_drain    = u_accel.u_core.u_output_words.trace_cols;
  assign trace_softmax  = u_accel.u_core.u_score_path.trace_cols;
  assign trace_patches  = u_accel.u_core.u_patch_rows.trace_cols;
  assign trace_end      = {u_accel.u_core.store_done, u_accel.u_core.patches_done, u_accel.u_core.softmax_done,
                           norm_end, u_accel.u_core.drained};
  assign trace_end_op   = {store_op, u_accel.u_core.u_patch_rows.trace_op, u_accel.u_core.u_score_path.trace_op,
                           norm_op, u_accel.u_core.u_output_words.trace_end_op};
  // LayerNorm takes a token's sums once for its reciprocal, a token a cycle: they are at the head of its shift
  // register two cycles after the token was asked for.
  wire [31:0] lane = {{(32-<% .LaneBits %>){1'b0}}, u_accel.u_core.u_norm_rows.u_layernorm.lane_q[<% .LaneBits %> +: <% .LaneBits %>]};
  wire signed [<% .SumBits %>-1:0] sum = u_accel.u_core.u_norm_rows.u_layernorm.row_s1[<% .SumBits %>-1:0];
  wire        [<% .SquareBits %>-1:0] squares = u_accel.u_core.u_norm_rows.u_layernorm.row_s2[<% .SquareBits %>-1:0];
  assign trace_sums     = u_accel.u_core.u_norm_rows.u_layernorm.root_q[1];
  assign trace_norm_op  = u_accel.u_core.u_norm_rows.trace_op;
  assign trace_sums_row = {16'd0, u_accel.u_core.u_norm_rows.u_layernorm.root_tile} * <% .TM %> + lane;
  assign trace_s1       = {{(64-<% .SumBits %>){sum[<% .SumBits %>-1]}}, sum};
  assign trace_s2       = {{(64-<% .SquareBits %>){1'b0}}, squares};
  assign trace_cause    = u_accel.u_core.u_operand_feed.trace_cause;
  assign trace_cause_op = u_accel.u_core.u_operand_feed.trace_cause_op;
endmodule
