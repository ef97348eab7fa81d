// The temporal engine: one PE array that runs the network layer by layer out of on-chip
// buffers, fed by one AXI4 read stream. The sequencer starts one op at a time; the stream
// loader runs ahead of it and fills the buffers the coming ops read.
module vit_accel_core #(
  parameter ADDRW = 40
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              start,
  input  wire [31:0]       images,
  input  wire [ADDRW-1:0]  image_base,
  input  wire [ADDRW-1:0]  stream_base,
  input  wire [ADDRW-1:0]  result_base,
  output wire              busy,
  output wire [31:0]       images_done,
  output wire              read_error,
  output wire              write_error,
  output wire              stalled,
  output wire [ADDRW-1:0]  m_axi_araddr,
  output wire [7:0]        m_axi_arlen,
  output wire              m_axi_arvalid,
  input  wire              m_axi_arready,
  input  wire [<% .BusBits %>-1:0]       m_axi_rdata,
  input  wire [1:0]        m_axi_rresp,
  input  wire              m_axi_rvalid,
  output wire              m_axi_rready,
  output wire [ADDRW-1:0]  m_axi_awaddr,
  output wire [7:0]        m_axi_awlen,
  output wire              m_axi_awvalid,
  input  wire              m_axi_awready,
  output wire [<% .BusBits %>-1:0]       m_axi_wdata,
  output wire              m_axi_wlast,
  output wire              m_axi_wvalid,
  input  wire              m_axi_wready,
  input  wire [1:0]        m_axi_bresp,
  input  wire              m_axi_bvalid,
  output wire              m_axi_bready
);
  // The design point. Every value below is computed by the emitter and is part of its hash.
<%- range .Params %>
  localparam <% .Name %> = <% .Value %>;<% if .Note %>  // <% .Note %><% end %>
<%- end %>
  localparam AW = 16;              // bits of a buffer address

  // -------------------------------------------------------------------------------------
  // Program: the running op's descriptor, field by field.
  wire [DESCW-1:0] desc;
<%- range .Fields %>
  wire <% if gt .Width 1 %>[<% .High %>:0] <% end %>f_<% .Name %> = desc[<% .Offset %> +: <% .Width %>];
<%- end %>

  localparam [2:0] OP_PATCHES = 3'd0, OP_NORM = 3'd1, OP_MATMUL = 3'd2, OP_SOFTMAX = 3'd3, OP_STORE = 3'd4;
  localparam [2:0] TO_ACT = 3'd0, TO_KEYS = 3'd1, TO_VALUES = 3'd2, TO_RESIDUAL = 3'd3,
                   TO_SCORES = 3'd4, TO_LOGITS = 3'd5;
  localparam [1:0] FROM_WEIGHTS = 2'd0, FROM_KEYS = 2'd1;  // 2: from values

  wire op_start, op_end;
  wire [AW-1:0] row_offset;
  wire image_loaded, pos_loaded, norm_loaded, gelu_loaded, tile_loaded;
  reg  image_full, pos_full, norm_full, gelu_full;
  wire image_free = op_end && f_free_image, pos_free  = op_end && f_free_pos,
       norm_free  = op_end && f_free_norm,  gelu_free = op_end && f_free_gelu;
  always @(posedge aclk)
    if (!aresetn) {image_full, pos_full, norm_full, gelu_full} <= 4'd0;
    else begin
      image_full <= (image_full | image_loaded) & ~image_free;
      pos_full   <= (pos_full   | pos_loaded)   & ~pos_free;
      norm_full  <= (norm_full  | norm_loaded)  & ~norm_free;
      gelu_full  <= (gelu_full  | gelu_loaded)  & ~gelu_free;
    end
  wire buffers_ready = (image_full | ~f_need_image) & (pos_full | ~f_need_pos)
                     & (norm_full | ~f_need_norm) & (gelu_full | ~f_need_gelu);

  vit_sequencer #(.DESCW(DESCW), .OPS(OPS), .PCW(PCW), .AW(AW)) u_sequencer (
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images), .busy(busy),
    .images_done(images_done), .desc(desc), .loop(f_loop), .loops(f_loops), .rowstep(f_rowstep),
    .last(f_last), .buffers_ready(buffers_ready), .op_start(op_start), .op_end(op_end),
    .row_offset(row_offset)
  );
  wire start_patches = op_start && f_opcode == OP_PATCHES;
  wire start_norm    = op_start && f_opcode == OP_NORM;
  wire start_matmul  = op_start && f_opcode == OP_MATMUL;
  wire start_softmax = op_start && f_opcode == OP_SOFTMAX;
  wire start_store   = op_start && f_opcode == OP_STORE;

  // -------------------------------------------------------------------------------------
  // Read stream and its loader.
  wire             beat_valid, beat_ready;
  wire [BW-1:0]    beat;
  vit_axi_read #(.BW(BW), .ADDRW(ADDRW), .DEPTH(READ_FIFO), .BURST(BURST),
                 .IMAGE_BEATS(IMAGE_BEATS), .STREAM_BEATS(STREAM_BEATS)) u_read (
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images),
    .image_base(image_base), .stream_base(stream_base), .error(read_error),
    .m_axi_araddr(m_axi_araddr), .m_axi_arlen(m_axi_arlen), .m_axi_arvalid(m_axi_arvalid),
    .m_axi_arready(m_axi_arready), .m_axi_rdata(m_axi_rdata), .m_axi_rresp(m_axi_rresp),
    .m_axi_rvalid(m_axi_rvalid), .m_axi_rready(m_axi_rready),
    .beat_valid(beat_valid), .beat(beat), .beat_ready(beat_ready)
  );

  /* verilator lint_off UNUSED */ // each buffer takes the bits of word and index that it holds
  wire [ASMW-1:0]  word;
  wire [15:0]      word_index;
  /* verilator lint_on UNUSED */
  wire             image_we, pos_we, norm_we, gelu_we, param_we, weight_we, weight_bank, tile_free;
  wire [2:0]       weight_format;
  vit_stream_loader #(.BW(BW), .ASMW(ASMW), .SEGMENTS(SEGMENTS), .SEGW(SEGW), .WBANKS(WBANKS)) u_loader (
    .aclk(aclk), .aresetn(aresetn), .beat_valid(beat_valid), .beat(beat), .beat_ready(beat_ready),
    .word(word), .word_index(word_index), .image_we(image_we), .pos_we(pos_we), .norm_we(norm_we),
    .gelu_we(gelu_we), .param_we(param_we), .weight_we(weight_we), .weight_format(weight_format),
    .weight_bank(weight_bank), .image_loaded(image_loaded), .pos_loaded(pos_loaded),
    .norm_loaded(norm_loaded), .gelu_loaded(gelu_loaded), .tile_loaded(tile_loaded),
    .image_free(image_free), .pos_free(pos_free), .norm_free(norm_free), .gelu_free(gelu_free),
    .tile_free(tile_free)
  );

  // -------------------------------------------------------------------------------------
  // Array: operand addresses, buffers, operands, PEs.
  /* verilator lint_off UNUSED */ // each buffer takes the address bits that it has
  wire [AW-1:0] a_addr, b_addr;
  wire [KSEGW-1:0] key_segment;
  /* verilator lint_on UNUSED */
  wire beat_v, beat_first, beat_last;
  vit_array_feeder #(.AW(AW), .KSEG(KSEG), .KSEGW(KSEGW), .WBANKS(WBANKS), .WDEPTH(WDEPTH)) u_feeder (
    .aclk(aclk), .aresetn(aresetn), .start(start_matmul), .mt(f_mt), .nt(f_nt), .kt(f_kt),
    .period_full(f_period_full), .period_last(f_period_last),
    .from_weights(f_b_from == FROM_WEIGHTS), .from_keys(f_b_from == FROM_KEYS),
    .a_base(f_a_scores ? {AW{1'b0}} : f_a_base + row_offset), .a_stride(f_a_stride),
    .b_base(f_b_base), .b_nstep(f_b_nstep), .b_kstep(f_b_kstep), .tile_loaded(tile_loaded),
    .a_addr(a_addr), .b_addr(b_addr), .key_segment(key_segment),
    .beat_valid(beat_v), .beat_first(beat_first), .beat_last(beat_last), .stalled(stalled)
  );

  // Activation buffer: words of TK channels x TM tokens. Numerators have their own.
  wire                   act_we;
  /* verilator lint_off UNUSED */
  wire [AW-1:0]          act_waddr;
  /* verilator lint_on UNUSED */
  wire [TK*TM*AB-1:0]    act_wdata, act_rdata;
  vit_ram #(.WIDTH(TK*TM*AB), .DEPTH(ACT_DEPTH), .AW(ACT_AW), .STYLE(ACT_STYLE)) u_act (
    .aclk(aclk), .we(act_we), .waddr(act_waddr[ACT_AW-1:0]), .wdata(act_wdata),
    .raddr(a_addr[ACT_AW-1:0]), .rdata(act_rdata)
  );
  wire                   num_we;
  wire [NUM_AW-1:0]      num_waddr;
  wire [TK*TM*PB-1:0]    num_wdata, num_rdata;
  vit_ram #(.WIDTH(TK*TM*PB), .DEPTH(NUM_DEPTH), .AW(NUM_AW), .STYLE(NUM_STYLE)) u_num (
    .aclk(aclk), .we(num_we), .waddr(num_waddr), .wdata(num_wdata),
    .raddr(a_addr[NUM_AW-1:0]), .rdata(num_rdata)
  );

  // Weight buffer: words of TK x TN weights, in one or two banks.
  wire [TK*TN*WB-1:0]    weights, w_rdata;
  vit_weight_unpack #(.LANES(TK*TN), .WB(WB), .INW(ASMW)) u_unpack (
    .format(weight_format), .packed_word(word), .weights(weights)
  );
  /* verilator lint_off UNUSED */
  wire [AW-1:0] w_waddr = word_index[AW-1:0] + (weight_bank ? WDEPTH[AW-1:0] : {AW{1'b0}});
  /* verilator lint_on UNUSED */
  vit_ram #(.WIDTH(TK*TN*WB), .DEPTH(WBANKS*WDEPTH), .AW(W_AW), .STYLE(W_STYLE)) u_weights (
    .aclk(aclk), .we(weight_we), .waddr(w_waddr[W_AW-1:0]), .wdata(weights),
    .raddr(b_addr[W_AW-1:0]), .rdata(w_rdata)
  );

  // K buffer: words of TK channels x TM tokens, in KBANKS banks side by side.
  // V buffer: TN banks, one an output channel, of words of TK tokens.
  wire [KBANKS-1:0]            key_we;
  wire [KBANKS*TK*TM*KB-1:0]   key_rdata;
  wire [TK*TM*KB-1:0]          key_wdata;
  wire                         value_we;
  /* verilator lint_off UNUSED */
  wire [AW-1:0]                key_waddr, value_waddr;
  /* verilator lint_on UNUSED */
  wire [7:0]                   value_channel;
  reg  [TK*KB-1:0]             value_wdata;
  wire [TN*TK*KB-1:0]          value_rdata;
  genvar g, h;
  generate
    for (g = 0; g < KBANKS; g = g + 1) begin : gen_keys
      vit_ram #(.WIDTH(TK*TM*KB), .DEPTH(KEY_DEPTH), .AW(KEY_AW), .STYLE(KEY_STYLE)) u_keys (
        .aclk(aclk), .we(key_we[g]), .waddr(key_waddr[KEY_AW-1:0]), .wdata(key_wdata),
        .raddr(b_addr[KEY_AW-1:0]), .rdata(key_rdata[g*TK*TM*KB +: TK*TM*KB])
      );
    end
    for (g = 0; g < TN; g = g + 1) begin : gen_values
      vit_ram #(.WIDTH(TK*KB), .DEPTH(VALUE_DEPTH), .AW(VALUE_AW), .STYLE(VALUE_STYLE)) u_values (
        .aclk(aclk), .we(value_we && value_channel == g), .waddr(value_waddr[VALUE_AW-1:0]),
        .wdata(value_wdata), .raddr(b_addr[VALUE_AW-1:0]), .rdata(value_rdata[g*TK*KB +: TK*KB])
      );
    end
  endgenerate

  wire [TK*TM*NA-1:0] operand_a;
  wire [TK*TN*NB-1:0] operand_b;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_a
      wire signed [AB-1:0] act_lane = act_rdata[g*AB +: AB];
      wire        [NA-1:0] from_act = {{(NA-AB+1){act_lane[AB-1]}}, act_lane[AB-2:0]};
      wire        [NA-1:0] from_num = {{(NA-PB){1'b0}}, num_rdata[g*PB +: PB]};
      assign operand_a[g*NA +: NA] = f_a_scores ? from_num : from_act;
    end
    for (g = 0; g < TK; g = g + 1) begin : gen_bk
      for (h = 0; h < TN; h = h + 1) begin : gen_b
        wire [WB-1:0] w = w_rdata[(g*TN + h)*WB +: WB];
        wire [KB-1:0] v = value_rdata[(h*TK + g)*KB +: KB];
        wire [KB-1:0] k;
        if (TN >= TM)
          assign k = key_rdata[((h/TM)*TK*TM + g*TM + h%TM)*KB +: KB];
        else
          assign k = key_rdata[(g*TM + {{(32-KSEGW){1'b0}}, key_segment}*TN + h)*KB +: KB];
        wire [KB-1:0] kv = f_b_from == FROM_KEYS ? k : v;
        assign operand_b[(g*TN + h)*NB +: NB] = f_b_from == FROM_WEIGHTS
          ? {{(NB-WB+1){w[WB-1]}}, w[WB-2:0]} : {{(NB-KB+1){kv[KB-1]}}, kv[KB-2:0]};
      end
    end
  endgenerate

  wire                 tile_valid, tile_shift;
  wire [TM*ACCW-1:0]   tile_col;
  vit_pe_array #(.TM(TM), .TN(TN), .TK(TK), .NA(NA), .NB(NB), .ACCW(ACCW), .USE_DSP(USE_DSP)) u_array (
    .aclk(aclk), .aresetn(aresetn), .in_valid(beat_v), .in_first(beat_first), .in_last(beat_last),
    .in_a(operand_a), .in_b(operand_b), .out_valid(tile_valid), .out_shift(tile_shift), .out_col(tile_col)
  );

  // -------------------------------------------------------------------------------------
  // Drain: columns of finished tiles through requantize, GELU or residual add, to a buffer.
  wire           d_valid, d_first_rows, d_end;
  wire [7:0]     d_number, d_sub, d_key_bank;
  wire [AW-1:0]  d_addr;
  vit_tile_drain #(.AW(AW), .TKL(TKL), .SUB(TM/TK), .KROWS(KBANKS)) u_drain (
    .aclk(aclk), .aresetn(aresetn), .start(start_matmul), .mt(f_mt), .nt(f_nt),
    .columns_full(f_columns_full), .columns_last(f_columns_last), .skip(f_skip),
    .to_values(f_to == TO_VALUES), .to_keys(f_to == TO_KEYS),
    .packed_words(f_to == TO_ACT || f_to == TO_KEYS), .from_weights(f_b_from == FROM_WEIGHTS),
    .base(f_to == TO_ACT ? f_base + row_offset : f_base), .stride(f_stride), .nstep(f_nstep),
    .tile_valid(tile_valid), .tile_shift(tile_shift), .col_valid(d_valid), .col_number(d_number),
    .col_sub(d_sub), .col_addr(d_addr), .col_key_bank(d_key_bank), .col_first_rows(d_first_rows),
    .col_end(d_end), .tile_free(tile_free)
  );

  // The channel's bias and multiplier: {bias, mul}, two banks of TN.
  wire [PARW-1:0] param;
  reg             param_bank;
  always @(posedge aclk)
    if (!aresetn)                      param_bank <= 1'b0;
    else if (tile_free && WBANKS == 2) param_bank <= ~param_bank;
  vit_ram #(.WIDTH(PARW), .DEPTH(WBANKS*TN), .AW(PAR_AW), .STYLE("distributed")) u_params (
    .aclk(aclk), .we(param_we),
    .waddr(word_index[PAR_AW-1:0] + (weight_bank ? TN[PAR_AW-1:0] : {PAR_AW{1'b0}})),
    .wdata(word[PARW-1:0]),
    .raddr(d_number[PAR_AW-1:0] + (param_bank ? TN[PAR_AW-1:0] : {PAR_AW{1'b0}})), .rdata(param)
  );

  // What travels with a column: six stages from the array to the buffers.
  localparam METAW = AW + 28;
  wire [METAW-1:0]   meta0 = {d_valid, d_end, d_first_rows, d_key_bank, d_sub, d_number, d_valid && d_sub == 8'd0, d_addr};
  reg  [METAW-1:0]   meta1, meta2, meta3, meta4, meta5, meta6;
  reg                drained;
  always @(posedge aclk) begin
    meta1 <= aresetn ? meta0 : {METAW{1'b0}};
    meta2 <= aresetn ? meta1 : {METAW{1'b0}};
    meta3 <= aresetn ? meta2 : {METAW{1'b0}};
    meta4 <= aresetn ? meta3 : {METAW{1'b0}};
    meta5 <= aresetn ? meta4 : {METAW{1'b0}};
    meta6 <= aresetn ? meta5 : {METAW{1'b0}};
    drained <= aresetn && meta6[METAW-2];
  end
  wire           o_valid    = meta6[METAW-1];
  wire [7:0]     o_key_bank = meta6[AW+17 +: 8];
  wire [7:0]     o_sub      = meta6[AW+9  +: 8];
  wire [7:0]     o_number   = meta6[AW+1  +: 8];
  wire           o_once     = meta6[AW];            // first pass of the column
  wire [AW-1:0]  o_addr     = meta6[AW-1:0];

  wire [TM*YW-1:0]   y;
  wire [TM*17-1:0]   recip;
  vit_requantize #(.LANES(TM), .ACCW(ACCW), .YW(YW), .MINSH(MIN_SHIFT), .VARSHW(VAR_SHIFT)) u_requantize (
    .aclk(aclk), .in_acc(tile_col),
    .in_bias(f_per_lane | f_raw ? {ACCW{1'b0}} : param[16 +: ACCW]), .in_mul(param[15:0]),
    .lane_mul(recip), .per_lane(f_per_lane), .raw(f_raw), .shift(f_shift), .zero(f_zero),
    .bits(f_bits), .out_y(y)
  );

  wire [TM*HB-1:0]   gelu_h;
  wire [TM*AB-1:0]   gelu_y;
  vit_gelu_table #(.LANES(TM), .HB(HB), .YB(AB)) u_gelu (
    .aclk(aclk), .we(gelu_we), .waddr(word_index[HB-1:0]), .wdata(word[AB-1:0]),
    .in_h(gelu_h), .out_y(gelu_y)
  );

  // Residual stream: rows of channels, a column of TM tokens a word. Read by LayerNorm and by
  // the residual add, filled with the position embedding first.
  wire [AW-1:0]      norm_addr;
  reg                norm_reads;
  always @(posedge aclk)
    if (start_norm) norm_reads <= 1'b1;
    else if (start_matmul) norm_reads <= 1'b0;
  wire               add6     = o_valid && f_to == TO_RESIDUAL;
  /* verilator lint_off UNUSED */
  wire [AW-1:0]      res_raddr = norm_reads ? norm_addr : meta4[AW-1:0];
  wire [AW-1:0]      res_waddr = pos_we ? word_index[AW-1:0] : o_addr;
  /* verilator lint_on UNUSED */
  wire [TM*RB-1:0]   res_rdata, res_sum;
  vit_ram #(.WIDTH(TM*RB), .DEPTH(RES_DEPTH), .AW(RES_AW), .STYLE(RES_STYLE)) u_residual (
    .aclk(aclk), .we(pos_we | add6), .waddr(res_waddr[RES_AW-1:0]),
    .wdata(pos_we ? word[TM*RB-1:0] : res_sum), .raddr(res_raddr[RES_AW-1:0]), .rdata(res_rdata)
  );

  reg  [TM*YW-1:0]   y6;
  wire               prefix_rows = f_mask && meta5[METAW-3];
  generate
    for (g = 0; g < TM; g = g + 1) begin : gen_out
      wire signed [YW-1:0] lane    = y[g*YW +: YW];
      wire signed [RB:0]   branch  = g < PREFIX && prefix_rows ? {(RB+1){1'b0}} : $signed(lane[RB:0]);
      wire signed [RB-1:0] stream  = res_rdata[g*RB +: RB];
      wire signed [RB:0]   sum     = $signed({stream[RB-1], stream}) + branch;
      wire signed [RB-1:0] sat     = sum[RB] != sum[RB-1] ? {sum[RB], {(RB-1){~sum[RB]}}} : sum[RB-1:0];
      assign gelu_h[g*HB +: HB] = lane[HB-1:0];
      always @(posedge aclk)
        y6[g*YW +: YW] <= f_to == TO_RESIDUAL ? {{(YW-RB){sat[RB-1]}}, sat} : lane;
      assign res_sum[g*RB +: RB] = y6[g*YW +: RB];
    end
  endgenerate

  // Columns of codes for the activation and K buffers: from the drain, LayerNorm or the patches.
  wire [TM*AB-1:0]   drain_code;
  generate
    for (g = 0; g < TM; g = g + 1) begin : gen_code
      assign drain_code[g*AB +: AB] = f_gelu ? gelu_y[g*AB +: AB] : y6[g*YW +: AB];
    end
  endgenerate
  wire               ln_valid, ln_last, ln_done, pg_valid, pg_last, pg_done;
  wire [DIW-1:0]     ln_index;
  wire [PIW-1:0]     pg_index;
  wire [TM*LB-1:0]   ln_col;
  wire [TM*IB-1:0]   pg_col;
  vit_layernorm #(.LANES(TM), .C(D), .CIW(DIW), .RB(RB), .YB(LB), .AW(AW), .MINK(MIN_K), .VARKW(VAR_K),
                  .MINSG(MIN_SG), .VARSGW(VAR_SG), .PARAM_STYLE(LN_STYLE)) u_layernorm (
    .aclk(aclk), .aresetn(aresetn), .param_we(norm_we), .param_waddr(word_index[DIW-1:0]),
    .param_wdata(word[63:0]), .start(start_norm), .tiles(f_mt), .eps(f_eps), .k(f_ln_k), .k17(f_ln_k17),
    .sg(f_ln_sg), .bits(f_bits), .done(ln_done), .res_addr(norm_addr), .res_col(res_rdata),
    .col_valid(ln_valid), .col_index(ln_index), .col_last(ln_last), .col(ln_col)
  );
  vit_patch_gather #(.LANES(TM), .N(N), .PREFIX(PREFIX), .H(IMG_H), .W(IMG_W), .CH(IMG_C), .P(PATCH),
                     .IB(IB), .BW(BW), .BAW(IMG_AW), .CIW(PIW), .STYLE(IMG_STYLE)) u_patches (
    .aclk(aclk), .aresetn(aresetn), .we(image_we), .waddr(word_index[IMG_AW-1:0]), .wdata(word[BW-1:0]),
    .start(start_patches), .done(pg_done), .col_valid(pg_valid), .col_index(pg_index),
    .col_last(pg_last), .col(pg_col)
  );

  // Address of the row that LayerNorm or the patches write: rows follow one another.
  reg  [AW-1:0]  row_base;
  always @(posedge aclk)
    if (op_start)                                             row_base <= f_base;
    else if ((ln_valid && ln_last) || (pg_valid && pg_last))  row_base <= row_base + f_stride;
  wire [AW-1:0]  row_index  = pg_valid ? {{(AW-PIW){1'b0}}, pg_index} : {{(AW-DIW){1'b0}}, ln_index};
  wire           row_valid  = pg_valid | ln_valid;
  wire           code_valid = row_valid | (o_valid && (f_to == TO_ACT || f_to == TO_KEYS));
  /* verilator lint_off UNUSED */
  wire [7:0]     code_place = row_valid ? row_index[7:0] : o_number;
  /* verilator lint_on UNUSED */
  wire [TM*AB-1:0] code_col;
  generate
    for (g = 0; g < TM; g = g + 1) begin : gen_row
      wire [LB-1:0] ln = ln_col[g*LB +: LB];
      wire [IB-1:0] pg = pg_col[g*IB +: IB];
      assign code_col[g*AB +: AB] = pg_valid ? {{(AB-IB+1){pg[IB-1]}}, pg[IB-2:0]}
        : ln_valid ? {{(AB-LB+1){ln[LB-1]}}, ln[LB-2:0]} : drain_code[g*AB +: AB];
    end
  endgenerate
  wire           packed_we;
  wire [AW-1:0]  packed_addr;
  vit_column_packer #(.LANES(TM), .TK(TK), .EW(AB), .AW(AW)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(code_valid), .in_slot(code_place & (TK[7:0] - 8'd1)),
    .in_last(row_valid & (pg_valid ? pg_last : ln_last)),
    .in_addr(row_valid ? row_base + (row_index >> TKL) : o_addr), .in_col(code_col),
    .out_valid(packed_we), .out_addr(packed_addr), .out_word(act_wdata)
  );
  reg  [7:0]     packed_bank;
  always @(posedge aclk) packed_bank <= o_key_bank;
  assign act_we    = packed_we && !(f_opcode == OP_MATMUL && f_to == TO_KEYS);
  assign act_waddr = packed_addr;
  assign key_waddr = packed_addr;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_key_word
      assign key_wdata[g*KB +: KB] = act_wdata[g*AB +: KB];
    end
    for (g = 0; g < KBANKS; g = g + 1) begin : gen_key_we
      assign key_we[g] = packed_we && f_opcode == OP_MATMUL && f_to == TO_KEYS && packed_bank == g;
    end
  endgenerate

  // V: pass `sub` of the column moves tokens sub*TK .. sub*TK + TK-1.
  assign value_we      = o_valid && f_to == TO_VALUES;
  assign value_waddr   = o_addr;
  assign value_channel = o_number;
  // A selection pass by pass: an index computed as a product would take a multiplier.
  integer pass, place;
  always @* begin
    value_wdata = {TK*KB{1'b0}};
    for (place = 0; place < TK; place = place + 1)
      for (pass = 0; pass < TM/TK; pass = pass + 1)
        if (o_sub == pass[7:0]) value_wdata[place*KB +: KB] = y6[(pass*TK + place)*YW +: KB];
  end

  // -------------------------------------------------------------------------------------
  // Softmax: scores in, numerators out, row sums' reciprocals to the requantizer.
  wire                sm_valid, sm_last, sm_done;
  wire [JW-1:0]       sm_index;
  wire [TM*PB-1:0]    sm_col;
  wire [TM*SW-1:0]    score_col;
  wire                score_valid = o_valid && f_to == TO_SCORES;
  generate
    for (g = 0; g < TM; g = g + 1) begin : gen_score
      assign score_col[g*SW +: SW] = y6[g*YW +: SW];
    end
  endgenerate
  vit_softmax #(.LANES(TM), .N(N), .SW(SW), .PB(PB), .VB(VB), .JW(JW), .STYLE(SCORE_STYLE)) u_softmax (
    .aclk(aclk), .aresetn(aresetn), .score_valid(score_valid), .score_index(o_addr[JW-1:0]),
    .score_col(score_col), .start(start_softmax), .mul(f_sm_mul), .shift(f_sm_shift), .ch(f_sm_ch),
    .col_valid(sm_valid), .col_index(sm_index), .col_last(sm_last), .col(sm_col), .recip(recip), .done(sm_done)
  );
  /* verilator lint_off UNUSED */
  wire [15:0]         sm_column = {{(16-JW){1'b0}}, sm_index};
  wire [15:0]         sm_word   = sm_column >> TKL;
  /* verilator lint_on UNUSED */
  vit_column_packer #(.LANES(TM), .TK(TK), .EW(PB), .AW(NUM_AW)) u_num_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(sm_valid), .in_slot(sm_column[7:0] & (TK[7:0] - 8'd1)),
    .in_last(sm_last), .in_addr(sm_word[NUM_AW-1:0]), .in_col(sm_col),
    .out_valid(num_we), .out_addr(num_waddr), .out_word(num_wdata)
  );

  // -------------------------------------------------------------------------------------
  // Logits: lane 0 of the head's columns.
  wire store_done;
  vit_axi_write #(.BW(BW), .ADDRW(ADDRW), .BURST(BURST), .COUNT(CLASSES), .LW(LOGITB),
                  .BEATS(RESULT_BEATS), .BIW(RESULT_IW)) u_write (
    .aclk(aclk), .aresetn(aresetn), .logit_valid(o_valid && f_to == TO_LOGITS), .logit_index(o_addr),
    .logit(y6[LOGITB-1:0]), .first(start), .base(result_base), .start(start_store), .done(store_done),
    .error(write_error), .m_axi_awaddr(m_axi_awaddr), .m_axi_awlen(m_axi_awlen),
    .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready), .m_axi_wdata(m_axi_wdata),
    .m_axi_wlast(m_axi_wlast), .m_axi_wvalid(m_axi_wvalid), .m_axi_wready(m_axi_wready),
    .m_axi_bresp(m_axi_bresp), .m_axi_bvalid(m_axi_bvalid), .m_axi_bready(m_axi_bready)
  );
  // An op ends when its last word is on its way into its buffer.
  assign op_end = drained | ln_done | pg_done | sm_done | store_done;

  // -------------------------------------------------------------------------------------
  // For verification only: every column an op produces, in order. Nothing reads it here, so
  // synthesis removes it.
  /* verilator lint_off UNUSED */
  wire                trace_valid = o_once && o_valid || row_valid || sm_valid;
  wire [TM*32-1:0]    trace_col;
  generate
    for (g = 0; g < TM; g = g + 1) begin : gen_trace
      wire        [31:0] from_code = {{(32-AB+1){code_col[g*AB + AB-1]}}, code_col[g*AB +: AB-1]};
      wire        [31:0] from_y    = {{(32-YW+1){y6[g*YW + YW-1]}}, y6[g*YW +: YW-1]};
      wire        [31:0] from_num  = {{(32-PB){1'b0}}, sm_col[g*PB +: PB]};
      assign trace_col[g*32 +: 32] = sm_valid ? from_num : row_valid || f_gelu ? from_code : from_y;
    end
  endgenerate
  wire [11:0] trace_op  = f_op;
  wire        trace_end = op_end;
  /* verilator lint_on UNUSED */
endmodule
