// The temporal engine: one PE array that runs the network layer by layer out of on-chip
// buffers, fed by one AXI4 read stream. The sequencer runs ahead and queues matmuls for the array;
// the patches, LayerNorm and softmax work beside it, a row tile ahead of what reads them. The
// stream loader runs ahead of all and fills the buffers the coming ops read.
module vit_accel_core #(
  parameter ADDRW = 40
) (
  input  wire              aclk,
  input  wire              aresetn,        // a soft reset as well; the bus masters end in order
  input  wire              bus_aresetn,
  output wire              bus_idle,
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
  localparam AW  = 16;             // bits of a buffer address
  localparam VL  = VC * TM;        // lanes of the vector units: VC columns of TM tokens
<%- if .Windowed %>
  localparam S1W = RB + $clog2(CMAX);
  localparam S2W = 2*RB - 1 + $clog2(CMAX);
<%- else %>
  localparam S1W = RB + $clog2(D);
  localparam S2W = 2*RB - 1 + $clog2(D);
<%- end %>

  // -------------------------------------------------------------------------------------
  // Program. The sequencer's step, the matmul the feeder works on, the one the drain does, and the one behind it.
  wire [AW-1:0]    s_a_moved, s_moved<% if .Windowed %>, s_b_moved<% end %>;
  /* verilator lint_off UNUSED */ // each decodes the fields it needs
  wire [DESCW-1:0] desc, feed_desc, drain_desc, next_desc;
  /* verilator lint_on UNUSED */
<%- range .SequencerFields %>
  wire <% if gt .Width 1 %>[<% .High %>:0] <% end %>s_<% .Name %> = desc[<% .Offset %> +: <% .Width %>];
<%- end %>
<%- range .FeederFields %>
  wire <% if gt .Width 1 %>[<% .High %>:0] <% end %>f_<% .Name %> = feed_desc[<% .Offset %> +: <% .Width %>];
<%- end %>
<%- range .DrainFields %>
  wire <% if gt .Width 1 %>[<% .High %>:0] <% end %>d_<% .Name %> = drain_desc[<% .Offset %> +: <% .Width %>];
<%- end %>
<%- range .NextFields %>
  wire <% if gt .Width 1 %>[<% .High %>:0] <% end %>n_<% .Name %> = next_desc[<% .Offset %> +: <% .Width %>];
<%- end %>

  localparam [2:0] OP_PATCHES = 3'd0, OP_NORM = 3'd1, OP_MATMUL = 3'd2, OP_STORE = 3'd3<% if .Windowed %>, OP_REGROUP = 3'd5<% end %>;
  localparam [2:0] TO_X = 3'd0, TO_Q = 3'd1, TO_KEYS = 3'd2, TO_VALUES = 3'd3, TO_RESIDUAL = 3'd4,
                   TO_SCORES = 3'd5, TO_LOGITS = 3'd6<% if .SecondHead %>, TO_SUM = 3'd7<% end %>;
  localparam [1:0] FROM_X = 2'd0, FROM_Q = 2'd1;           // operand a; 2: from the numerators
  localparam [1:0] FROM_WEIGHTS = 2'd0, FROM_KEYS = 2'd1;  // operand b; 2: from values
  localparam [1:0] WAIT_DRAINED = 2'd1, WAIT_SOFTMAX = 2'd2;

<%- if .NormsDiffer %>
  localparam [1:0] NORM_TO_X = 2'd0<% if .NormToResidual %>, NORM_TO_RESIDUAL = 2'd1<% end %><% if .PoolCodes %>, NORM_TO_POOL = 2'd2<% end %>;
<%- end %>
<%- if .Pools %>
  localparam [2:0] OP_POOL = 3'd4;
<%- end %>

  wire op_start, push, queue_full, queue_empty, feed_valid, feed_start, feed_done, caught_up;
  wire c_end, drained;                                     // the drain's op leaves the array; is in its buffer
  wire store_done, patches_done, norm_done, softmax_ready, softmax_done;
  wire norm_running, patches_running;
<%- if .Windowed %>
  wire start_regroup = op_start && s_opcode == OP_REGROUP;
  wire regrouping;
<%- end %>
  wire start_patches = op_start && s_opcode == OP_PATCHES;
  wire start_norm    = op_start && s_opcode == OP_NORM;
  wire start_store   = op_start && s_opcode == OP_STORE;
<%- if .Pools %>
  wire start_pool    = op_start && s_opcode == OP_POOL;
  wire pool_running;                                       // up to its last word in a buffer
<%- end %>

  // Buffers that the loader fills once an op.
  wire image_loaded, pos_loaded, norm_loaded, gelu_loaded, tile_loaded;
  reg  image_full, pos_full, norm_full, gelu_full;
  reg  norm_is_last;                                       // of the image: the residual stream is free
  wire image_free = patches_done, norm_free = norm_done, pos_free = norm_done && norm_is_last;
  wire gelu_free;                                          // below, with the drain's settings
  always @(posedge aclk) begin
    if (!aresetn) {image_full, pos_full, norm_full, gelu_full} <= 4'd0;
    else begin
      image_full <= (image_full | image_loaded) & ~image_free;
      pos_full   <= (pos_full   | pos_loaded)   & ~pos_free;
      norm_full  <= (norm_full  | norm_loaded)  & ~norm_free;
      gelu_full  <= (gelu_full  | gelu_loaded)  & ~gelu_free;
    end
    if (start_norm) norm_is_last <= s_free_pos;
  end
<%- if .Windowed %>
  // Heads' biases of scores that are there and whose scores have not been asked for.
  wire bias_loaded, bias_free;
  reg  [1:0] biases_ready;
  always @(posedge aclk)
    if (!aresetn) biases_ready <= 2'd0;
    else          biases_ready <= biases_ready + {1'b0, bias_loaded} - {1'b0, push && s_need_bias};
<%- end %>
  wire buffers_ready = (image_full | ~s_need_image) & (pos_full | ~s_need_pos)
                     & (norm_full | ~s_need_norm) & (gelu_full | ~s_need_gelu)<% if .Windowed %>
                     & (biases_ready != 2'd0 | ~s_need_bias)<% end %>;

  vit_sequencer #(.DESCW(DESCW), .OPS(OPS), .PCW(PCW), .AW(AW)) u_sequencer (
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images), .busy(busy),
    .images_done(images_done), .desc(desc), .a_base(s_a_moved), .base(s_moved), <% if .Windowed %>.b_base(s_b_moved), .first_b_base(s_b_base), .is_scores(s_to == TO_SCORES),
    .window_tiles_1(s_window_tiles_1), .window_at(s_window_at), .window(s_window), <% end %>.is_matmul(s_opcode == OP_MATMUL),
    .is_store(s_opcode == OP_STORE), .loop(s_loop), .loops_1(s_loops_1), .move_a(s_move_a), .move_out(s_to == TO_X),
    .first_a_base(s_a_base), .first_base(s_base), .rowstep(s_rowstep), .last(s_last),
    .buffers_ready(buffers_ready), .queue_full(queue_full),
    .quiet(queue_empty && !norm_running && !patches_running<% if .Pools %> && !pool_running<% end %><% if .Windowed %> && !regrouping<% end %>), .push(push), .op_start(op_start),
    .store_done(store_done)
  );
  // In the queue a matmul's addresses are those of its pass.
  reg  [DESCW-1:0] queued_desc;
  always @* begin
    queued_desc = desc;
    queued_desc[<% .ABaseField.Offset %> +: AW] = s_a_moved;
    queued_desc[<% .BaseField.Offset %> +: AW] = s_moved;
<%- if .Windowed %>
    queued_desc[<% .BBaseField.Offset %> +: AW] = s_b_moved;
<%- end %>
  end
  wire drain_load;
  vit_op_queue #(.WIDTH(DESCW)) u_queue (
    .aclk(aclk), .aresetn(aresetn), .push(push), .in_desc(queued_desc), .full(queue_full),
    .feed_valid(feed_valid), .feed_desc(feed_desc), .feed_done(feed_done), .drain_desc(drain_desc),
    .next_desc(next_desc), .drain_load(drain_load), .drain_done(c_end), .drained(drained), .caught_up(caught_up),
    .empty(queue_empty)
  );

  // The settings of the drain's op travel with its columns, so that the next op's may follow at once:
  // dN_* is what columns need N cycles after they were at the array's head.
  localparam SETW = 3 + 1 + 1 + 1 + 6 + 16 + 5 + 16 + 6 + 28 + 12<% if .Windowed %> + 1 + 3*8<% end %>;
  reg  [<% .Buffered %>*SETW-1:0] settings;
  always @(posedge aclk)
    settings <= {settings[(<% .Buffered %>-1)*SETW-1:0], d_to, d_per_lane, d_gelu, d_mask, d_shift, d_zero, d_bits,
                 d_sm_mul, d_sm_shift, d_sm_ch, d_op<% if .Windowed %>, d_fresh, d_window_tiles_1, d_across_1, d_down_1<% end %>};
  /* verilator lint_off UNUSED */ // each stage needs some
<%- range .DrainStages %>
  wire [2:0]  d<% . %>_to;
  wire [5:0]  d<% . %>_shift, d<% . %>_sm_shift;
  wire [15:0] d<% . %>_zero, d<% . %>_sm_mul;
  wire [4:0]  d<% . %>_bits;
  wire [27:0] d<% . %>_sm_ch;
  wire [11:0] d<% . %>_op;
  wire        d<% . %>_per_lane, d<% . %>_gelu, d<% . %>_mask;
<%- if $.Windowed %>
  wire        d<% . %>_fresh;
  wire [7:0]  d<% . %>_window_tiles_1, d<% . %>_across_1, d<% . %>_down_1;
<%- end %>
  assign {d<% . %>_to, d<% . %>_per_lane, d<% . %>_gelu, d<% . %>_mask, d<% . %>_shift, d<% . %>_zero, d<% . %>_bits,
          d<% . %>_sm_mul, d<% . %>_sm_shift, d<% . %>_sm_ch, d<% . %>_op<% if $.Windowed %>,
          d<% . %>_fresh, d<% . %>_window_tiles_1, d<% . %>_across_1, d<% . %>_down_1<% end %>} = settings[(<% . %>-1)*SETW +: SETW];
<%- end %>
  /* verilator lint_on UNUSED */
  assign gelu_free = drained && d<% .Buffered %>_gelu;

  // -------------------------------------------------------------------------------------
  // Read stream and its loader.
  wire             beat_valid, beat_ready, read_idle, write_idle;
  wire [BW-1:0]    beat;
  assign bus_idle = read_idle && write_idle;
  vit_axi_read #(.BW(BW), .ADDRW(ADDRW), .DEPTH(READ_FIFO), .BURST(BURST),
                 .IMAGE_BEATS(IMAGE_BEATS), .STREAM_BEATS(STREAM_BEATS), .STREAM_HEAD(STREAM_HEAD)) u_read (
    .aclk(aclk), .aresetn(bus_aresetn), .halt(!aresetn), .idle(read_idle), .start(start), .images(images),
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
  wire             image_we, pos_we, norm_we, gelu_we, param_we, weight_we, tile_free;
<%- if .Windowed %>
  wire             bias_we, bias_bank;
<%- end %>
  wire [1:0]       weight_bank;
  wire [2:0]       weight_format;
<%- if .GroupBits %>
  wire             weight_in_group, multiplier_we;
  vit_stream_loader #(.BW(BW), .ASMW(ASMW), .SEGMENTS(SEGMENTS), .SEGW(SEGW), .AHEAD(AHEAD),
                      .MULT_BEATS(MULT_BEATS), .WBANKS(WBANKS)) u_loader (
    .weight_in_group(weight_in_group), .multiplier_we(multiplier_we),
<%- else %>
  vit_stream_loader #(.BW(BW), .ASMW(ASMW), .SEGMENTS(SEGMENTS), .SEGW(SEGW), .AHEAD(AHEAD),
                      .WBANKS(WBANKS)) u_loader (
<%- end %>
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images), .beat_valid(beat_valid), .beat(beat),
    .beat_ready(beat_ready), .word(word), .word_index(word_index), .image_we(image_we), .pos_we(pos_we), .norm_we(norm_we),
    .gelu_we(gelu_we), .param_we(param_we), .weight_we(weight_we), .weight_format(weight_format),
    .weight_bank(weight_bank), .image_loaded(image_loaded), .pos_loaded(pos_loaded),
    .norm_loaded(norm_loaded), .gelu_loaded(gelu_loaded), .tile_loaded(tile_loaded),
<%- if .Windowed %>
    .bias_we(bias_we), .bias_bank(bias_bank), .bias_loaded(bias_loaded), .bias_free(bias_free),
<%- end %>
    .image_free(image_free), .pos_free(pos_free), .norm_free(norm_free), .gelu_free(gelu_free),
    .tile_free(tile_free)
  );

  // -------------------------------------------------------------------------------------
  // Array: operand addresses, buffers, operands, PEs.
  wire        row_made;                    // a row tile of the patches or of LayerNorm
  // Softmaxes whose value product may start and has not.
  reg  [1:0]  softmaxes;
  wire        from_numerators = f_a_from != FROM_X && f_a_from != FROM_Q;
  always @(posedge aclk)
    if (!aresetn) softmaxes <= 2'd0;
    else          softmaxes <= softmaxes + {1'b0, softmax_ready} - {1'b0, feed_start && from_numerators};

  /* verilator lint_off UNUSED */ // each buffer takes the address bits that it has
  wire [AW-1:0] a_addr, b_addr;
  wire [KSEGW-1:0] key_segment;
  /* verilator lint_on UNUSED */
  wire beat_v, beat_first, beat_last;
  /* verilator lint_off UNUSED */ // for verification
  wire feeder_busy, starved, feeding;
  /* verilator lint_on UNUSED */
  vit_array_feeder #(.AW(AW), .KSEG(KSEG), .KSEGW(KSEGW), .WBANKS(WBANKS), .WDEPTH(WDEPTH)) u_feeder (
    .aclk(aclk), .aresetn(aresetn), .valid(feed_valid), .wait_drained(f_wait == WAIT_DRAINED),
    .wait_softmax(f_wait == WAIT_SOFTMAX), .chained(f_chained), .mt_1(f_mt_1), .nt_1(f_nt_1), .kt_1(f_kt_1),
    .period_full_1(f_period_full_1), .period_last_1(f_period_last_1), .period_end_1(f_period_end_1),
    .from_weights(f_b_from == FROM_WEIGHTS), .from_keys(f_b_from == FROM_KEYS),
    .a_base(f_a_base), .a_stride(f_a_stride),
    .b_base(f_b_base), .b_nstep(f_b_nstep), .b_kstep(f_b_kstep), .caught_up(caught_up),
    .softmax_ready(softmaxes != 2'd0), .row_made(row_made), .tile_loaded(tile_loaded),
    .op_start(feed_start), .op_done(feed_done), .a_addr(a_addr), .b_addr(b_addr),
    .key_segment(key_segment), .beat_valid(beat_v), .beat_first(beat_first), .beat_last(beat_last),
    .busy(feeder_busy), .stalled(stalled), .starved(starved), .feeding(feeding)
  );

  // Activation buffers: words of TK channels x TM tokens. X holds LayerNorm's codes and attention's
  // output, Q holds patches, queries and the MLP's hidden codes, so that LayerNorm may write while the
  // matmul it feeds writes too. Numerators have their own, in two halves: one is filled while the
  // other is read.
  wire                   x_we, q_we;
  /* verilator lint_off UNUSED */
  wire [AW-1:0]          x_waddr, q_waddr;
  /* verilator lint_on UNUSED */
  wire [TK*TM*AB-1:0]    x_wdata, x_rdata, q_wdata, q_rdata;
  vit_ram #(.WIDTH(TK*TM*AB), .DEPTH(X_DEPTH), .AW(X_AW), .STYLE(X_STYLE)) u_act_x (
    .aclk(aclk), .we(x_we), .waddr(x_waddr[X_AW-1:0]), .wdata(x_wdata),
    .raddr(a_addr[X_AW-1:0]), .rdata(x_rdata)
  );
  vit_ram #(.WIDTH(TK*TM*AB), .DEPTH(Q_DEPTH), .AW(Q_AW), .STYLE(Q_STYLE)) u_act_q (
    .aclk(aclk), .we(q_we), .waddr(q_waddr[Q_AW-1:0]), .wdata(q_wdata),
    .raddr(a_addr[Q_AW-1:0]), .rdata(q_rdata)
  );
  wire                   num_we;
  wire [NUM_AW-1:0]      num_waddr;
  wire [TK*TM*PB-1:0]    num_wdata, num_rdata;
  reg                    num_write_half, num_read_half;
  always @(posedge aclk)
    if (!aresetn) begin
      num_write_half <= 1'b0;
      num_read_half  <= 1'b0;
    end else begin
      num_write_half <= num_write_half ^ softmax_done;
      num_read_half  <= num_read_half ^ (feed_done && from_numerators);
    end
  vit_ram #(.WIDTH(TK*TM*PB), .DEPTH(2 << NUM_AW), .AW(NUM_AW + 1), .STYLE(NUM_STYLE)) u_num (
    .aclk(aclk), .we(num_we), .waddr({num_write_half, num_waddr}), .wdata(num_wdata),
    .raddr({num_read_half, a_addr[NUM_AW-1:0]}), .rdata(num_rdata)
  );

  // Weight buffer: words of TK x TN weights, in one, two or four banks.
  wire [TK*TN*WB-1:0]    weights, w_rdata;
<%- if .GroupBits %>
  wire [TK*TN*SB-1:0]    stored;
  vit_weight_unpack #(.LANES(TK*TN), .WB(SB), .INW(ASMW)) u_unpack (
    .format(weight_format), .packed_word(word), .weights(stored)
  );
  vit_group_scale #(.TN(TN), .TK(TK), .SB(SB), .GB(GB), .WB(WB)) u_group_scale (
    .aclk(aclk), .multiplier_we(multiplier_we), .multiplier_word(word[TN*4-1:0]),
    .in_group(weight_in_group), .stored(stored), .weights(weights)
  );
<%- else %>
  vit_weight_unpack #(.LANES(TK*TN), .WB(WB), .INW(ASMW)) u_unpack (
    .format(weight_format), .packed_word(word), .weights(weights)
  );
<%- end %>
  /* verilator lint_off UNUSED */
  wire [AW-1:0] w_waddr = word_index[AW-1:0] + (weight_bank[0] ? WDEPTH[AW-1:0] : {AW{1'b0}})
                        + (weight_bank[1] ? {WDEPTH[AW-2:0], 1'b0} : {AW{1'b0}});
  /* verilator lint_on UNUSED */
  vit_ram #(.WIDTH(TK*TN*WB), .DEPTH(WBANKS*WDEPTH), .AW(W_AW), .STYLE(W_STYLE)) u_weights (
    .aclk(aclk), .we(weight_we), .waddr(w_waddr[W_AW-1:0]), .wdata(weights),
    .raddr(b_addr[W_AW-1:0]), .rdata(w_rdata)
  );

  // K buffer: words of TK channels x TM tokens, in KBANKS banks side by side.
  // V buffer: TN banks, one an output channel, of words of TK tokens.
<%- if gt .ValueParts 1 %> A word is in VPARTS parts side by
  // side, each of a row tile's TM tokens, and is read whole.
<%- end %>
  wire [KBANKS-1:0]            key_we;
  wire [KBANKS*TK*TM*KB-1:0]   key_rdata;
  wire [TK*TM*KB-1:0]          key_wdata;
  wire                         value_we;
  /* verilator lint_off UNUSED */
  wire [AW-1:0]                key_waddr, value_waddr;
  /* verilator lint_on UNUSED */
  wire [7:0]                   value_group;
<%- if gt .ValueParts 1 %>
  wire [7:0]                   value_part;
  wire [VC*TM*KB-1:0]          value_wdata;
<%- else %>
  reg  [VC*TK*KB-1:0]          value_wdata;
<%- end %>
  wire [TN*TK*KB-1:0]          value_rdata;
  genvar g, h;
  generate
    for (g = 0; g < KBANKS; g = g + 1) begin : gen_keys
      vit_ram #(.WIDTH(TK*TM*KB), .DEPTH(KEY_DEPTH), .AW(KEY_AW), .STYLE(KEY_STYLE)) u_keys (
        .aclk(aclk), .we(key_we[g]), .waddr(key_waddr[KEY_AW-1:0]), .wdata(key_wdata),
        .raddr(b_addr[KEY_AW-1:0]), .rdata(key_rdata[g*TK*TM*KB +: TK*TM*KB])
      );
    end
<%- if gt .ValueParts 1 %>
    for (g = 0; g < TN; g = g + 1) begin : gen_values
      for (h = 0; h < VPARTS; h = h + 1) begin : gen_parts
        vit_ram #(.WIDTH(TM*KB), .DEPTH(VALUE_DEPTH), .AW(VALUE_AW), .STYLE(VALUE_STYLE)) u_values (
          .aclk(aclk), .we(value_we && value_group == g / VC && value_part <= h), .waddr(value_waddr[VALUE_AW-1:0]),
          .wdata(value_wdata[(g % VC)*TM*KB +: TM*KB]), .raddr(b_addr[VALUE_AW-1:0]),
          .rdata(value_rdata[(g*TK + h*TM)*KB +: TM*KB])
        );
      end
    end
<%- else %>
    for (g = 0; g < TN; g = g + 1) begin : gen_values
      vit_ram #(.WIDTH(TK*KB), .DEPTH(VALUE_DEPTH), .AW(VALUE_AW), .STYLE(VALUE_STYLE)) u_values (
        .aclk(aclk), .we(value_we && value_group == g / VC), .waddr(value_waddr[VALUE_AW-1:0]),
        .wdata(value_wdata[(g % VC)*TK*KB +: TK*KB]), .raddr(b_addr[VALUE_AW-1:0]),
        .rdata(value_rdata[g*TK*KB +: TK*KB])
      );
    end
<%- end %>
  endgenerate

  // The operands are there two cycles after their address: the feeder's op may have changed.
  reg  [1:0] a_from1, b_from1, a_from, b_from;
  always @(posedge aclk) begin
    a_from1 <= f_a_from;
    b_from1 <= f_b_from;
    a_from  <= a_from1;
    b_from  <= b_from1;
  end
  wire [TK*TM*NA-1:0] operand_a;
  wire [TK*TN*NB-1:0] operand_b;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_a
      wire signed [AB-1:0] act_lane = a_from == FROM_X ? x_rdata[g*AB +: AB] : q_rdata[g*AB +: AB];
      wire        [NA-1:0] from_act = {{(NA-AB+1){act_lane[AB-1]}}, act_lane[AB-2:0]};
      wire        [NA-1:0] from_num = {{(NA-PB){1'b0}}, num_rdata[g*PB +: PB]};
      assign operand_a[g*NA +: NA] = a_from == FROM_X || a_from == FROM_Q ? from_act : from_num;
    end
    for (g = 0; g < TK; g = g + 1) begin : gen_bk
      for (h = 0; h < TN; h = h + 1) begin : gen_b
        wire [WB-1:0] w = w_rdata[(g*TN + h)*WB +: WB];
        wire [KB-1:0] v = value_rdata[(h*TK + g)*KB +: KB];
        reg  [KB-1:0] k;
        if (TN >= TM) begin : gen_whole
          always @* k = key_rdata[((h/TM)*TK*TM + g*TM + h%TM)*KB +: KB];
        end else begin : gen_part // a selection: an index computed as a product would take a multiplier
          integer segment;
          always @* begin
            k = key_rdata[(g*TM + h)*KB +: KB];
            for (segment = 1; segment < KSEG; segment = segment + 1)
              if (key_segment == segment[KSEGW-1:0]) k = key_rdata[(g*TM + segment*TN + h)*KB +: KB];
          end
        end
        wire [KB-1:0] kv = b_from == FROM_KEYS ? k : v;
        assign operand_b[(g*TN + h)*NB +: NB] = b_from == FROM_WEIGHTS
          ? {{(NB-WB+1){w[WB-1]}}, w[WB-2:0]} : {{(NB-KB+1){kv[KB-1]}}, kv[KB-2:0]};
      end
    end
  endgenerate

  wire                 tile_valid, tile_shift;
  wire [VL*ACCW-1:0]   tile_col;
<%- if .LUTColumns %>
  vit_mixed_array #(.TM(TM), .TN(TN), .LC(LC), .TK(TK), .VC(VC), .NA(NA), .NB(NB), .ACCW(ACCW),
                    .PACK(PACK), .PSHIFT(PSHIFT), .PGROUP(PGROUP), .CASCADE(CASCADE), .LATE(LATE)) u_array (
<%- else %>
  vit_pe_array #(.TM(TM), .TN(TN), .TK(TK), .VC(VC), .NA(NA), .NB(NB), .ACCW(ACCW),
                 .PACK(PACK), .PSHIFT(PSHIFT), .PGROUP(PGROUP), .CASCADE(CASCADE), .LATE(LATE),
                 .TREE(<% if .SumTree %>1<% else %>0<% end %>), .USE_DSP(USE_DSP)) u_array (
<%- end %>
    .aclk(aclk), .aresetn(aresetn), .in_valid(beat_v), .in_first(beat_first), .in_last(beat_last),
    .in_a(operand_a), .in_b(operand_b), .out_valid(tile_valid), .out_shift(tile_shift), .out_col(tile_col)
  );

  // -------------------------------------------------------------------------------------
  // Drain: VC columns of finished tiles a cycle through requantize, GELU or residual add, to a buffer.
  wire           c_op_first, c_valid, c_first_tile, c_first, c_last;
  wire [7:0]     c_number, c_pass, c_count, c_key_bank;
  wire [15:0]    c_row;
  wire [AW-1:0]  c_addr;                      // of the group two cycles before
  vit_tile_drain #(.AW(AW), .VC(VC), .GPL(GPL), <% if gt .ValueParts 1 %>.VROWS(VPARTS)<% else %>.VPASS(TM/TK)<% end %>, .KROWS(KBANKS)) u_drain (
    .aclk(aclk), .aresetn(aresetn), .mt_1(d_mt_1), .groups_full_1(d_groups_full_1),
    .groups_last_1(d_groups_last_1), .count_last(d_count_last), .place(d_place),
    .to_values(d_to == TO_VALUES), .to_keys(d_to == TO_KEYS),
    .packed_words(d_to == TO_X || d_to == TO_Q || d_to == TO_KEYS), .from_weights(d_b_from == FROM_WEIGHTS),
    .base(d_base), .stride(d_stride), .nstep(d_nstep), .tile_step(d_tile_step),<% if .Windowed %> .window_tiles_1(d_window_tiles_1),
    .next_window_tiles_1(n_window_tiles_1),<% end %> .load(drain_load),
    .next_mt_1(n_mt_1), .next_nt_1(n_nt_1), .next_groups_full_1(n_groups_full_1),
    .next_groups_last_1(n_groups_last_1), .next_place(n_place), <% if not (gt .ValueParts 1) %>.next_to_values(n_to == TO_VALUES),<% end %>
    .next_to_logits(n_to == TO_LOGITS<% if .SecondHead %> || n_to == TO_SUM<% end %>), .next_base(n_base), .next_nstep(n_nstep), .next_tile_step(n_tile_step),
    .tile_valid(tile_valid), .tile_shift(tile_shift), .op_first(c_op_first), .col_valid(c_valid),
    .col_number(c_number), .col_pass(c_pass), .col_count(c_count), .col_addr(c_addr),
    .col_key_bank(c_key_bank), .col_row(c_row), .col_first_tile(c_first_tile), .col_first(c_first),
    .col_last(c_last), .col_end(c_end), .tile_free(tile_free)
  );

  // The channels' biases and multipliers: {bias, mul}, a memory for each of VC channels, of TN
  // in each of the weights' banks. A word of the stream has those of PARS channels.
  wire [VC*PARW-1:0] param;
  reg  [1:0]         param_bank;
  reg  [PAR_AW-1:0]  param_first;             // of the bank
  localparam [1:0]   LAST_BANK = {WBANKS == 4, WBANKS != 1};
  /* verilator lint_off UNUSED */
  wire [15:0]        param_word = word_index >> $clog2(VC/PARS);
  /* verilator lint_on UNUSED */
  wire [1:0]         param_next = (param_bank + 2'd1) & LAST_BANK;
  always @(posedge aclk)
    if (!aresetn) begin
      param_bank  <= 2'd0;
      param_first <= {PAR_AW{1'b0}};
    end else if (tile_free) begin
      param_bank  <= param_next;
      param_first <= param_base(param_next);
    end
  localparam [31:0] PAR_BANK = TN / VC, PAR_BANKS = 2 * PAR_BANK;
  function [PAR_AW-1:0] param_base(input [1:0] number);
    param_base = (number[0] ? PAR_BANK[PAR_AW-1:0] : {PAR_AW{1'b0}}) + (number[1] ? PAR_BANKS[PAR_AW-1:0] : {PAR_AW{1'b0}});
  endfunction
  generate
    for (g = 0; g < VC; g = g + 1) begin : gen_params
      vit_ram #(.WIDTH(PARW), .DEPTH(WBANKS*TN/VC), .AW(PAR_AW), .LATENCY(1), .STYLE("distributed")) u_params (
        .aclk(aclk), .we(param_we && (word_index[7:0] & (VC[7:0]/PARS[7:0] - 8'd1)) == g/PARS),
        .waddr(param_word[PAR_AW-1:0] + param_base(weight_bank)),
        .wdata(word[(g % PARS)*PARW +: PARW]),
        .raddr(c_number[PAR_AW-1:0] + param_first),
        .rdata(param[g*PARW +: PARW])
      );
    end
  endgenerate

  // What travels with a group of columns from the array's head to the buffers, OUT cycles: what is n cycles
  // after it was there lies at (n-1)*METAW, its address at (n-3)*AW.
  localparam OUT   = <% .Out %>;
  localparam METAW = 16 + 32 + <% if .PrefixTiles %>6<% else %>5<% end %>;
  reg  [OUT*METAW-1:0]  meta;
  reg  [OUT-1:0]        valids, ends;
  reg  [(OUT-2)*AW-1:0] addrs;
  reg                   ended;
  always @(posedge aclk) begin
    meta   <= {meta[(OUT-1)*METAW-1:0],<% if .PrefixTiles %> c_row < 16'd<% .PrefixTiles %>,<% end %> c_valid && c_pass == 8'd0, c_first_tile, c_first, c_last, c_row == 16'd<% .PrefixTiles %>,
               c_row, c_key_bank, c_pass, c_count, c_number};
    addrs  <= {addrs[(OUT-3)*AW-1:0], c_addr};
    valids <= aresetn ? {valids[OUT-2:0], c_valid} : {OUT{1'b0}};
    ends   <= aresetn ? {ends[OUT-2:0], c_end} : {OUT{1'b0}};
    ended  <= aresetn && ends[OUT-1];
  end
  wire           o_valid = valids[OUT-1];
  wire           o_once, o_first_tile, o_first, o_last;
  /* verilator lint_off UNUSED */
<%- if .PrefixTiles %>
  wire           o_prefix_tiles;
<%- end %>
  wire           o_first_rows;
  wire [15:0]    o_row;
  wire [7:0]     o_key_bank, o_pass, o_count, o_number;
  /* verilator lint_on UNUSED */
  wire [AW-1:0]  o_addr = addrs[(OUT-3)*AW +: AW];
  assign {<% if .PrefixTiles %>o_prefix_tiles, <% end %>o_once, o_first_tile, o_first, o_last, o_first_rows, o_row, o_key_bank, o_pass, o_count, o_number}
       = meta[(OUT-1)*METAW +: METAW];
  assign drained = ended;

  wire [VL*YW-1:0]   y;
  wire [TM*17-1:0]   recip;
  reg  [TM*17-1:0]   row_recip;             // of the value product that drains
  always @(posedge aclk) if (c_op_first) row_recip <= recip;
  generate
    for (g = 0; g < VC; g = g + 1) begin : gen_requantize
      vit_requantize #(.LANES(TM), .ACCW(ACCW), .YW(YW), .MINSH(MIN_SHIFT), .VARSHW(VAR_SHIFT)) u_requantize (
        .aclk(aclk), .in_acc(tile_col[g*TM*ACCW +: TM*ACCW]),
        .in_bias(d1_per_lane ? {ACCW{1'b0}} : param[g*PARW + 16 +: ACCW]),
        .in_mul(param[g*PARW +: 16]), .lane_mul(row_recip), .per_lane(d1_per_lane),
        .shift(d3_shift), .zero(d6_zero), .bits(d7_bits), .out_y(y[g*TM*YW +: TM*YW])
      );
    end
  endgenerate

  wire [VL*HB-1:0]   gelu_h;
  wire [VL*AB-1:0]   gelu_y;
  vit_gelu_table #(.LANES(VL), .HB(HB), .YB(AB)) u_gelu (
    .aclk(aclk), .we(gelu_we), .waddr(word_index[HB-1:0]), .wdata(word[AB-1:0]),
    .in_h(gelu_h), .out_y(gelu_y)
  );

  // Residual stream: rows of words of VC channels x TM tokens. Read by LayerNorm and by the residual
  // add, filled with the position embedding first.
  wire [AW-1:0]      norm_addr;
  wire               norm_reading;           // LayerNorm asks for channels: whoever adds behind it has its turn then
<%- if .PoolStream %>
  wire               pool_reading;
  wire [AW-1:0]      pool_addr;
<%- end %>
  wire               add6     = o_valid && d<% .Out %>_to == TO_RESIDUAL;
  /* verilator lint_off UNUSED */
<%- if .Windowed %>
  wire [AW-1:0]      regroup_raddr, regroup_waddr;
  wire               regroup_we;
  wire [VL*RB-1:0]   regroup_word;
<%- end %>
  wire [AW-1:0]      res_raddr = norm_reading ? norm_addr :<% if .PoolStream %> pool_reading ? pool_addr :<% end %><% if .Windowed %> regrouping ? regroup_raddr :<% end %> addrs[(OUT-7)*AW +: AW];
<%- if .Rows %>
  wire               row_we;                 // whole rows, of LayerNorm<% if .Windowed %>, moved ones<% end %> or pooled
  wire [AW-1:0]      row_addr;
  wire [VL*RB-1:0]   row_in;
  wire [AW-1:0]      res_waddr = pos_we ? word_index[AW-1:0] : row_we ? row_addr : o_addr;
<%- else %>
  wire [AW-1:0]      res_waddr = pos_we ? word_index[AW-1:0] : o_addr;
<%- end %>
  /* verilator lint_on UNUSED */
  wire [VL*RB-1:0]   res_rdata, res_sum;
  vit_ram #(.WIDTH(VL*RB), .DEPTH(RES_DEPTH), .AW(RES_AW), .STYLE(RES_STYLE)) u_residual (
    .aclk(aclk), .we(pos_we | add6<% if .Rows %> | row_we<% end %>), .waddr(res_waddr[RES_AW-1:0]),
    .wdata(pos_we ? word[VL*RB-1:0] :<% if .Rows %> row_we ? row_in :<% end %> res_sum), .raddr(res_raddr[RES_AW-1:0]), .rdata(res_rdata)
  );

<%- if .SecondHead %>
  // Logits of the first head, VC of row 0 a word, which the second one adds to its own, of row 1.
  wire [VC*LOGITB-1:0] first_in, first_out;
  vit_ram #(.WIDTH(VC*LOGITB), .DEPTH(FIRST_DEPTH), .AW(FIRST_AW), .LATENCY(1), .STYLE("distributed")) u_first_logits (
    .aclk(aclk), .we(valids[OUT-3] && d<% .Requantized %>_to == TO_LOGITS), .waddr(addrs[(OUT-5)*AW +: FIRST_AW]),
    .wdata(first_in), .raddr(addrs[(OUT-6)*AW +: FIRST_AW]), .rdata(first_out)
  );
  reg                both_heads;
  always @(posedge aclk) both_heads <= d<% .Requantized %>_to == TO_SUM;

<%- end %>
  // The residual add takes two cycles, as the GELU table does: the sum, then what it saturates to.
  reg  [VL*YW-1:0]   y_out;
  wire               prefix_rows = d<% .Requantized %>_mask && meta[(OUT-3)*METAW + 48];
<%- if .PrefixTiles %>
  wire               prefix_tiles = d<% .Requantized %>_mask && meta[(OUT-3)*METAW + 53]; // all tokens are in front of the patches
<%- end %>
  reg                residual;
  always @(posedge aclk) residual <= d<% .Requantized %>_to == TO_RESIDUAL;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_out
      wire signed [YW-1:0] lane    = y[g*YW +: YW];
      wire signed [RB:0]   branch  = <% if .PrefixTiles %>prefix_tiles || (g % TM < PREFIX % TM && prefix_rows)<% else %>g % TM < PREFIX && prefix_rows<% end %> ? {(RB+1){1'b0}} : $signed(lane[RB:0]);
<%- if .Windowed %>
      wire signed [RB-1:0] stream  = d<% .Requantized %>_fresh ? {RB{1'b0}} : res_rdata[g*RB +: RB];
<%- else %>
      wire signed [RB-1:0] stream  = res_rdata[g*RB +: RB];
<%- end %>
      reg  signed [YW-1:0] lane1;
      reg  signed [RB:0]   sum1;
      wire signed [RB-1:0] sat     = sum1[RB] != sum1[RB-1] ? {sum1[RB], {(RB-1){~sum1[RB]}}} : sum1[RB-1:0];
      assign gelu_h[g*HB +: HB] = lane[HB-1:0];
<%- if .SecondHead %>
      wire signed [YW-1:0] other;
      if (g % TM == 0) begin : gen_heads     // the sum of both heads
        wire signed [LOGITB-1:0] first  = first_out[(g/TM)*LOGITB +: LOGITB];
        wire signed [LOGITB-1:0] second = y[(g+1)*YW +: LOGITB];
        reg  signed [LOGITB:0]   both;
        always @(posedge aclk) both <= first + second;
        wire signed [LOGITB-1:0] logits = both[LOGITB] != both[LOGITB-1] ? {both[LOGITB], {(LOGITB-1){~both[LOGITB]}}} : both[LOGITB-1:0];
        assign first_in[(g/TM)*LOGITB +: LOGITB] = lane[LOGITB-1:0];
        assign other = both_heads ? {{(YW-LOGITB+1){logits[LOGITB-1]}}, logits[LOGITB-2:0]} : lane1;
      end else begin : gen_row
        assign other = lane1;
      end
<%- end %>
      always @(posedge aclk) begin
        lane1 <= lane;
        sum1  <= $signed({stream[RB-1], stream}) + branch;
        y_out[g*YW +: YW] <= residual ? {{(YW-RB){sat[RB-1]}}, sat} : <% if .SecondHead %>other<% else %>lane1<% end %>;
      end
      assign res_sum[g*RB +: RB] = y_out[g*YW +: RB];
    end
  endgenerate

  // Sums of the rows that the next LayerNorm reads.
  wire [ROWW-1:0]    norm_row;
  wire               norm_sums;
  wire [TM*S1W-1:0]  row_s1;
  wire [TM*S2W-1:0]  row_s2;
<%- if .Rows %>
  wire               row_first, row_last;    // group of columns
  wire [ROWW-1:0]    row_tile;
<%- end %>
  vit_row_sums #(.LANES(TM), .VC(VC), .ROWS(ROWS), .ROWW(ROWW), .RB(RB), .S1W(S1W), .S2W(S2W)) u_row_sums (
<%- if .Rows %>
    .aclk(aclk), .in_valid(add6 || row_we), .in_first_tile(row_we || o_first_tile), .in_first(row_we ? row_first : o_first),
    .in_last(row_we ? row_last : o_last), .in_row(row_we ? row_tile : o_row[ROWW-1:0]), .in_x(row_we ? row_in : res_sum), .row(norm_row)
<%- else %>
    .aclk(aclk), .in_valid(add6), .in_first_tile(o_first_tile), .in_first(o_first), .in_last(o_last),
    .in_row(o_row[ROWW-1:0]), .in_x(res_sum), .row(norm_row)
<%- end %>, .reading(norm_sums),
    .s1(row_s1), .s2(row_s2)
  );

  // -------------------------------------------------------------------------------------
<%- if .Windowed %>
  // Rows of the residual stream are moved into another order.
  wire             regroup_first, regroup_last;
  wire [ROWW-1:0]  regroup_row;
  localparam [31:0] ROW_WORDS = D / VC;
  localparam [31:0] ROW_CODES = D / TK;
  /* verilator lint_off UNUSED */
  wire [31:0]      row_words = (ROW_WORDS << s_widen) - 32'd1;
  /* verilator lint_on UNUSED */
  vit_row_regroup #(.LANES(TM), .VC(VC), .RB(RB), .AW(AW), .GIW(GIW), .MOVES(MOVES), .MOVES_AW(MOVES_AW), .ROWW(ROWW)) u_regroup (
    .aclk(aclk), .aresetn(aresetn), .start(start_regroup), .tiles_1(s_mt_1), .join_1(s_join_1), .words_1(row_words[GIW-1:0]),
    .from(s_res_from), .to(s_res_to), .table_first(s_table), .running(regrouping), .res_addr(regroup_raddr),
    .res_col(res_rdata), .we(regroup_we), .waddr(regroup_waddr), .word(regroup_word), .first(regroup_first),
    .last(regroup_last), .row(regroup_row)
  );

  // -------------------------------------------------------------------------------------
<%- end %>
  // LayerNorm and patches: row tiles of codes for X and Q, ahead of the matmul that reads them.
  reg  [15:0]        norm_tiles;
  reg  [39:0]        norm_eps;
  reg  [5:0]         norm_k, norm_k17, norm_sg;
  reg  [4:0]         norm_bits;
<%- if .Windowed %>
  reg  [2:0]         norm_widen;
<%- end %>
  always @(posedge aclk) if (start_norm) begin
    norm_tiles <= s_mt_1;
    norm_eps   <= s_eps;
    norm_k     <= s_ln_k;
    norm_k17   <= s_ln_k17;
    norm_sg    <= s_ln_sg;
    norm_bits  <= s_bits;
<%- if .Windowed %>
    norm_widen <= s_widen;
<%- end %>
  end
<%- if .NormsDiffer %>
  reg  [1:0]         norm_to;
  always @(posedge aclk) if (start_norm) norm_to <= s_norm_to;
<%- end %>
  wire               ln_valid, ln_last, ln_op_last, ln_busy;
  wire [GIW-1:0]     ln_group;
  wire [VL*LB-1:0]   ln_col;
  vit_layernorm #(.LANES(TM), .VC(VC), .C(D), <% if .Windowed %>.WIDEST(WIDEST), <% end %>.CIW(DIW), .GIW(GIW), .RB(RB), .YB(LB), .AW(AW), .ROWW(ROWW),
                  .S1W(S1W), .S2W(S2W), .MINK(MIN_K), .VARKW(VAR_K), .MINSG(MIN_SG), .VARSGW(VAR_SG),
                  .WAIT(NORM_WAIT), .SETTLE(NORM_SETTLE), .GAP(NORM_GAP), .PARAM_STYLE(LN_STYLE)) u_layernorm (
    .aclk(aclk), .aresetn(aresetn), .param_we(norm_we), .param_waddr(word_index[DIW-1:0]),
    .param_wdata(word[63:0]), .start(start_norm), .tiles_1(norm_tiles), .eps(norm_eps), .k(norm_k),
    .k17(norm_k17), .sg(norm_sg), .bits(norm_bits),<% if .Windowed %> .widen(norm_widen), .res_first(s_res_from),<% end %> .running(ln_busy), .op_last(ln_op_last),
    .reading_sums(norm_sums), .row(norm_row), .s1(row_s1), .s2(row_s2), .reading(norm_reading), .res_addr(norm_addr), .res_col(res_rdata),
    .col_valid(ln_valid), .col_index(ln_group), .col_last(ln_last), .col(ln_col)
  );
  wire               lnw_valid;
  wire [AW-1:0]      lnw_addr;
  wire [TK*TM*<% .CodeBits %>-1:0] lnw_word;
  reg  [AW-1:0]      ln_base;                // of the row tile in X; LayerNorm fills it from 0 on
  reg                lnw_last, lnw_end;
  always @(posedge aclk) begin
    if (start_norm)               ln_base <= {AW{1'b0}};
    else if (ln_valid && ln_last) ln_base <= ln_base + <% if .Windowed %>(ROW_CODES[AW-1:0] << norm_widen)<% else %>X_ROW[AW-1:0]<% end %>;
    lnw_last <= aresetn && ln_valid && ln_last;
    lnw_end  <= aresetn && ln_valid && ln_last && ln_op_last;
  end
  wire [AW-1:0]      ln_word = {{(AW-GIW){1'b0}}, ln_group} >> GPL;
  /* verilator lint_off UNUSED */
  wire [15:0]        ln_slot = {{(16-GIW){1'b0}}, ln_group} & (GROUPW[15:0] - 16'd1);
  /* verilator lint_on UNUSED */
<%- if eq .CodeBits "XB" %>
  wire [VL*XB-1:0]   ln_codes;               // for X
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_codes
      assign ln_codes[g*XB +: XB] = ln_col[g*LB +: XB];
    end
  endgenerate
<%- end %>
  vit_column_packer #(.LANES(VL), .TK(TK/VC), .EW(<% .CodeBits %>), .AW(AW)) u_norm_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(ln_valid), .in_slot(ln_slot[7:0]), .in_last(ln_last),
    .in_addr(ln_base + ln_word), .in_col(<% if eq .CodeBits "XB" %>ln_codes<% else %>ln_col<% end %>),
    .out_valid(lnw_valid), .out_addr(lnw_addr), .out_word(lnw_word)
  );
  assign norm_done    = lnw_end;
  assign norm_running = ln_busy || lnw_valid;
<%- if .NormToResidual %>

  // A LayerNorm into the residual stream: its groups of columns go where they were read, one after the other.
  wire               ln_row_we = ln_valid && norm_to == NORM_TO_RESIDUAL;
  reg  [AW-1:0]      ln_row_addr;
  reg  [ROWW-1:0]    ln_row_tile;
  always @(posedge aclk)
    if (start_norm) begin
      ln_row_addr <= {AW{1'b0}};
      ln_row_tile <= {ROWW{1'b0}};
    end else if (ln_valid) begin
      ln_row_addr <= ln_row_addr + {{(AW-1){1'b0}}, 1'b1};
      if (ln_last) ln_row_tile <= ln_row_tile + 1'b1;
    end
<%- end %>
<%- if .Pools %>

  // One row of all tokens: a word is TK codes for X, or VC channels of the residual stream, in lane 0.
<%- if not .PoolMax %>
  reg  [15:0]          pool_mul, pool_zero;
  /* verilator lint_off UNUSED */
  reg  [31:0]          pool_offset;
  /* verilator lint_on UNUSED */
  reg  [4:0]           pool_bits;
  always @(posedge aclk) if (start_pool) begin
    pool_mul    <= s_pool_mul;
    pool_zero   <= s_pool_zero;
    pool_offset <= s_pool_offset;
    pool_bits   <= s_bits;
  end
<%- end %>
  wire                 pool_busy, pool_valid, pool_last;
  wire [<% if .Windowed %>POOL_CIW<% else %>DIW<% end %>-1:0]       pool_channel;
  wire [POOL_OB-1:0]   pool_y;
<%- if .PoolCodes %>
  /* verilator lint_off UNUSED */ // for verification
  wire                 pool_opening, pool_counted;
  /* verilator lint_on UNUSED */
  wire [VL*POOL_EW-1:0] pool_col;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_pool
      assign pool_col[g*POOL_EW +: POOL_EW] = ln_col[g*LB +: POOL_EW];
    end
  endgenerate
<%- end %>
  vit_token_pool #(.LANES(TM), .VC(VC), .C(<% if .Windowed %>POOL_C<% else %>D<% end %>), .CIW(<% if .Windowed %>POOL_CIW<% else %>DIW<% end %>), .GIW(<% if .Windowed %>POOL_GIW<% else %>GIW<% end %>), .ROWS(<% if .Windowed %>POOL_ROWS<% else %>ROWS<% end %>), .ROWW(ROWW), .N(<% if .Windowed %>POOL_N<% else %>N<% end %>), .FIRST(POOL_FIRST),
                   .EW(POOL_EW), .SUMW(POOL_SUMW), .OB(POOL_OB)<% if .PoolStream %>, .AW(AW)<% end %>
<%- if not .PoolMax %>, .SHIFT(POOL_SHIFT), .MINSH(POOL_MINSH), .VARSHW(POOL_VARSHW)<% end %>) u_pool (
    .aclk(aclk), .aresetn(aresetn), .start(start_pool),
<%- if .PoolStream %>
    .reading(pool_reading), .res_addr(pool_addr), .in_col(res_rdata),
<%- else %>
    .begin_rows(start_norm), .in_valid(ln_valid && norm_to == NORM_TO_POOL), .in_last(ln_last), .in_group(ln_group<% if .Windowed %>[POOL_GIW-1:0]<% end %>),
    .in_col(pool_col), .opening(pool_opening), .counted(pool_counted),
<%- end %>
<%- if not .PoolMax %>
    .mul(pool_mul), .offset(pool_offset[POOL_SUMW-1:0]), .zero(pool_zero), .bits(pool_bits),
<%- end %>
    .out_valid(pool_valid), .out_last(pool_last), .out_channel(pool_channel), .out_y(pool_y), .running(pool_busy)
  );
  localparam POOL_WORD = <% if .PoolStream %>VC<% else %>TK<% end %>;
  wire                 plw_valid;
  wire [AW-1:0]        plw_addr;
  wire [POOL_WORD*POOL_OB-1:0] plw_word;
  /* verilator lint_off UNUSED */
  wire [15:0]          pool_slot = {{(16-<% if .Windowed %>POOL_CIW<% else %>DIW<% end %>){1'b0}}, pool_channel} & (POOL_WORD - 1);
  /* verilator lint_on UNUSED */
  vit_column_packer #(.LANES(1), .TK(POOL_WORD), .EW(POOL_OB), .AW(AW)) u_pool_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(pool_valid), .in_slot(pool_slot[7:0]), .in_last(1'b0),
    .in_addr({{(AW-<% if .Windowed %>POOL_CIW<% else %>DIW<% end %>){1'b0}}, pool_channel} >> $clog2(POOL_WORD)), .in_col(pool_y),
    .out_valid(plw_valid), .out_addr(plw_addr), .out_word(plw_word)
  );
  reg                  plw_last, pool_done;
  always @(posedge aclk) begin
    plw_last  <= aresetn && pool_valid && pool_last;
    pool_done <= plw_last;
  end
  assign pool_running = pool_busy || plw_last || pool_done;
<%- end %>
<%- if .Rows %>

  // Whole rows of the residual stream, and their sums.
<%- if and .NormToResidual .PoolStream %>
  assign row_we    = ln_row_we || plw_valid;
  assign row_addr  = ln_row_we ? ln_row_addr : plw_addr;
  assign row_first = ln_row_we ? ln_group == {GIW{1'b0}} : plw_addr == {AW{1'b0}};
  assign row_last  = ln_row_we ? ln_last : plw_last;
  assign row_tile  = ln_row_we ? ln_row_tile : {ROWW{1'b0}};
<%- else if .NormToResidual %>
<%- if .Windowed %>
  assign row_we    = ln_row_we || regroup_we;
  assign row_addr  = regroup_we ? regroup_waddr : ln_row_addr;
  assign row_first = regroup_we ? regroup_first : ln_group == {GIW{1'b0}};
  assign row_last  = regroup_we ? regroup_last : ln_last;
  assign row_tile  = regroup_we ? regroup_row : ln_row_tile;
<%- else %>
  assign row_we    = ln_row_we;
  assign row_addr  = ln_row_addr;
  assign row_first = ln_group == {GIW{1'b0}};
  assign row_last  = ln_last;
  assign row_tile  = ln_row_tile;
<%- end %>
<%- else %>
  assign row_we    = plw_valid;
  assign row_addr  = plw_addr;
  assign row_first = plw_addr == {AW{1'b0}};
  assign row_last  = plw_last;
  assign row_tile  = {ROWW{1'b0}};
<%- end %>
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_row_in
<%- if and .NormToResidual .PoolStream %>
      if (g % TM == 0) begin : gen_pooled
        assign row_in[g*RB +: RB] = ln_row_we ? ln_col[g*LB +: RB] : plw_word[(g/TM)*RB +: RB];
      end else begin : gen_normed
        assign row_in[g*RB +: RB] = ln_col[g*LB +: RB];
      end
<%- else if .NormToResidual %>
      assign row_in[g*RB +: RB] = <% if .Windowed %>regroup_we ? regroup_word[g*RB +: RB] : <% end %>ln_col[g*LB +: RB];
<%- else %>
      if (g % TM == 0) begin : gen_pooled
        assign row_in[g*RB +: RB] = plw_word[(g/TM)*RB +: RB];
      end else begin : gen_empty
        assign row_in[g*RB +: RB] = {RB{1'b0}};
      end
<%- end %>
    end
  endgenerate
<%- end %>

  wire               pg_valid, pg_last, pg_op_last;
  wire [PWW-1:0]     pg_index;
  wire [7:0]         pg_count;
  wire [TK*TM*IB-1:0] pg_word;
  vit_patch_gather #(.LANES(TM), .TK(TK), .N(N), .PREFIX(PREFIX), .H(IMG_H), .W(IMG_W), .CH(IMG_C), .P(PATCH),
                     .G(CHUNK), .IB(IB), .BW(BW), .BAW(IMG_AW), .WIW(PWW), .STYLE(IMG_STYLE)) u_patches (
    .aclk(aclk), .aresetn(aresetn), .we(image_we), .waddr(word_index[IMG_AW-1:0]), .wdata(word[BW-1:0]),
    .start(start_patches), .running(patches_running), .word_valid(pg_valid), .word_index(pg_index),
    .word_last(pg_last), .op_last(pg_op_last), .word_count(pg_count), .word(pg_word)
  );
  reg  [AW-1:0]      pg_base;                // of the row tile in Q
  always @(posedge aclk)
    if (start_patches)            pg_base <= {AW{1'b0}};
    else if (pg_valid && pg_last) pg_base <= pg_base + Q_PATCH_ROW[AW-1:0];
  assign patches_done = pg_valid && pg_last && pg_op_last;
  assign row_made     = (pg_valid && pg_last) || <% if .NormsDiffer %>(lnw_last && norm_to == NORM_TO_X)<% else %>lnw_last<% end %><% if .PoolCodes %> || pool_done<% end %>;

  // -------------------------------------------------------------------------------------
  // Codes of a matmul: words for X, Q or the K buffer.
  wire [VL*AB-1:0]   code_col;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_code
      assign code_col[g*AB +: AB] = d<% .Out %>_gelu ? gelu_y[g*AB +: AB] : y_out[g*YW +: AB];
    end
  endgenerate
  wire               packed_we;
  wire [AW-1:0]      packed_addr;
  wire [TK*TM*AB-1:0] packed_word;
  wire               to_words = d<% .Out %>_to == TO_X || d<% .Out %>_to == TO_Q || d<% .Out %>_to == TO_KEYS;
  vit_column_packer #(.LANES(VL), .TK(TK/VC), .EW(AB), .AW(AW)) u_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(o_valid && to_words), .in_slot(o_number & (GROUPW[7:0] - 8'd1)),
    .in_last(1'b0), .in_addr(o_addr), .in_col(code_col),
    .out_valid(packed_we), .out_addr(packed_addr), .out_word(packed_word)
  );
  reg  [7:0]         packed_bank;
  always @(posedge aclk) packed_bank <= o_key_bank;
  assign key_waddr = packed_addr;
  // X and Q have two writers each<% if .PoolCodes %> (X three)<% end %>, one at a time.
  assign x_we      = lnw_valid ||<% if .PoolCodes %> plw_valid ||<% end %> (packed_we && d<% .Buffered %>_to == TO_X);
  assign x_waddr   = lnw_valid ? lnw_addr :<% if .PoolCodes %> plw_valid ? plw_addr :<% end %> packed_addr;
  assign q_we      = pg_valid || (packed_we && d<% .Buffered %>_to == TO_Q);
  assign q_waddr   = pg_valid ? pg_base + {{(AW-PWW){1'b0}}, pg_index} : packed_addr;
  generate
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_word
      wire [<% .CodeBits %>-1:0] ln = lnw_word[g*<% .CodeBits %> +: <% .CodeBits %>];
      wire [IB-1:0] pg = pg_word[g*IB +: IB];
<%- if .PoolCodes %>
      wire [AB-1:0] other;
      if (g % TM == 0) begin : gen_pooled    // in lane 0 of the first row tile
        wire [POOL_OB-1:0] pl = plw_word[(g/TM)*POOL_OB +: POOL_OB];
        assign other = plw_valid ? {{(AB-POOL_OB+1){pl[POOL_OB-1]}}, pl[POOL_OB-2:0]} : packed_word[g*AB +: AB];
      end else begin : gen_packed
        assign other = packed_word[g*AB +: AB];
      end
      assign x_wdata[g*AB +: AB] = lnw_valid ? {{(AB-<% .CodeBits %>+1){ln[<% .CodeBits %>-1]}}, ln[<% .CodeBits %>-2:0]} : other;
<%- else %>
      assign x_wdata[g*AB +: AB] = lnw_valid ? {{(AB-<% .CodeBits %>+1){ln[<% .CodeBits %>-1]}}, ln[<% .CodeBits %>-2:0]} : packed_word[g*AB +: AB];
<%- end %>
      assign q_wdata[g*AB +: AB] = pg_valid ? {{(AB-IB+1){pg[IB-1]}}, pg[IB-2:0]} : packed_word[g*AB +: AB];
      assign key_wdata[g*KB +: KB] = packed_word[g*AB +: KB];
    end
    for (g = 0; g < KBANKS; g = g + 1) begin : gen_key_we
      assign key_we[g] = packed_we && d<% .Buffered %>_to == TO_KEYS && packed_bank == g;
    end
  endgenerate
<%- if gt .ValueParts 1 %>

  // V: a row tile goes into its part of the words and into the parts behind it, which the row
  // tiles to come overwrite. So what a word has past the last row tile is written too, if only with
  // copies; the numerators of tokens past the end are zeros.
  assign value_we    = o_valid && d<% .Out %>_to == TO_VALUES;
  assign value_waddr = o_addr;
  assign value_group = o_number;
  assign value_part  = o_key_bank;
  integer channel;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_value
      assign value_wdata[g*KB +: KB] = y_out[g*YW +: KB];
    end
  endgenerate
<%- else %>

  // V: pass p of a group moves tokens p*TK .. p*TK + TK-1 of its channels.
  assign value_we    = o_valid && d<% .Out %>_to == TO_VALUES;
  assign value_waddr = o_addr;
  assign value_group = o_number;
  // A selection pass by pass: an index computed as a product would take a multiplier.
  integer pass, place, channel;
  always @* begin
    value_wdata = {VC*TK*KB{1'b0}};
    for (channel = 0; channel < VC; channel = channel + 1)
      for (place = 0; place < TK; place = place + 1)
        for (pass = 0; pass < TM/TK; pass = pass + 1)
          if (o_pass == pass[7:0])
            value_wdata[(channel*TK + place)*KB +: KB] = y_out[(channel*TM + pass*TK + place)*YW +: KB];
  end
<%- end %>

  // -------------------------------------------------------------------------------------
  // Softmax: scores in, numerators out, row sums' reciprocals to the requantizer.
  wire                sm_start, sm_valid, sm_last;
  wire [GW-1:0]       sm_group;
  wire [VL*PB-1:0]    sm_col;
  wire [VL*SW-1:0]    score_col;
  // Scores are as they leave the array, so they need not go through the drain.
<%- if .Windowed %>
  wire                raw_valid = valids[0] && d1_to == TO_SCORES;
  wire                raw_end   = ends[0] && d1_to == TO_SCORES;
  wire [VL*SW-1:0]    raw_col, score_sum;   // as they leave the array; with their bias
  wire                score_valid, score_end;
  vit_score_bias #(.LANES(VL), .SW(SW), .WORDS(BIAS_WORDS), .AW(BIAS_AW), .STYLE(BIAS_STYLE)) u_bias (
    .aclk(aclk), .aresetn(aresetn), .we(bias_we), .wbank(bias_bank), .windex(word_index), .wdata(word[VL*(SW+2)-1:0]),
    .in_valid(raw_valid), .in_end(raw_end), .window_tiles_1(d1_window_tiles_1), .across_1(d1_across_1),
    .down_1(d1_down_1), .in_col(raw_col), .out_valid(score_valid), .out_end(score_end), .out_sum(score_sum),
    .out_col(score_col), .free(bias_free)
  );
<%- else %>
  wire                score_valid = valids[0] && d1_to == TO_SCORES;
  wire                score_end   = ends[0] && d1_to == TO_SCORES;
<%- end %>
  reg                 scored;               // the row tile's are all there
  reg  [GW-1:0]       score_group;          // they come in their order
  always @(posedge aclk) begin
    scored <= aresetn && score_end;
    if (!aresetn || score_end) score_group <= {GW{1'b0}};
    else if (score_valid)      score_group <= score_group + {{(GW-1){1'b0}}, 1'b1};
  end
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_score
      assign <% if .Windowed %>raw_col<% else %>score_col<% end %>[g*SW +: SW] = tile_col[g*ACCW +: SW];
    end
  endgenerate
  vit_softmax #(.LANES(TM), .VC(VC), .N(<% if .Windowed %>KEYS<% else %>N<% end %>), .SW(SW), .PB(PB), .VB(VB), .JW(JW), .GW(GW),
                .EARLY(SM_EARLY), .READY(SM_READY), .STYLE(SCORE_STYLE)) u_softmax (
    .aclk(aclk), .aresetn(aresetn), .score_valid(score_valid), .score_group(score_group),
    .score_count(meta[<% if .Windowed %>BIASED*METAW + <% end %>8 +: 8]), .score_col(score_col), .filled(scored), .mul(d<% .Scored %>_sm_mul),
    .shift(d<% .Scored %>_sm_shift), .ch(d<% .Scored %>_sm_ch), .start(sm_start), .col_valid(sm_valid), .col_group(sm_group),
    .col_last(sm_last), .col(sm_col), .recip(recip), .ready(softmax_ready), .done(softmax_done)
  );
  /* verilator lint_off UNUSED */
  wire [15:0]         sm_word = {{(16-GW){1'b0}}, sm_group} >> GPL;
  wire [15:0]         sm_slot = {{(16-GW){1'b0}}, sm_group} & (GROUPW[15:0] - 16'd1);
  /* verilator lint_on UNUSED */
  vit_column_packer #(.LANES(VL), .TK(TK/VC), .EW(PB), .AW(NUM_AW)) u_num_packer (
    .aclk(aclk), .aresetn(aresetn), .in_valid(sm_valid), .in_slot(sm_slot[7:0]),
    .in_last(sm_last), .in_addr(sm_word[NUM_AW-1:0]), .in_col(sm_col),
    .out_valid(num_we), .out_addr(num_waddr), .out_word(num_wdata)
  );

  // -------------------------------------------------------------------------------------
  // Logits: lane 0 of the head's columns, a column a pass.
  /* verilator lint_off UNUSED */
  wire [AW-1:0] logit_index = (o_addr << $clog2(VC)) + {{(AW-8){1'b0}}, o_pass};
  /* verilator lint_on UNUSED */
  reg  [LOGITB-1:0] logit;
  always @* begin
    logit = y_out[LOGITB-1:0];
    for (channel = 1; channel < VC; channel = channel + 1)
      if (o_pass == channel[7:0]) logit = y_out[channel*TM*YW +: LOGITB];
  end
  vit_axi_write #(.BW(BW), .ADDRW(ADDRW), .BURST(BURST), .COUNT(CLASSES), .LW(LOGITB),
                  .BEATS(RESULT_BEATS), .BIW(RESULT_IW)) u_write (
    .aclk(aclk), .aresetn(bus_aresetn), .halt(!aresetn), .idle(write_idle), .logit_valid(o_valid && <% if .SecondHead %>(<% end %>d<% .Out %>_to == TO_LOGITS<% if .SecondHead %> || d<% .Out %>_to == TO_SUM)<% end %> && o_pass < o_count),
    .logit_index(logit_index), .logit(logit), .first(start), .base(result_base), .start(start_store),
    .done(store_done), .error(write_error), .m_axi_awaddr(m_axi_awaddr), .m_axi_awlen(m_axi_awlen),
    .m_axi_awvalid(m_axi_awvalid), .m_axi_awready(m_axi_awready), .m_axi_wdata(m_axi_wdata),
    .m_axi_wlast(m_axi_wlast), .m_axi_wvalid(m_axi_wvalid), .m_axi_wready(m_axi_wready),
    .m_axi_bresp(m_axi_bresp), .m_axi_bvalid(m_axi_bvalid), .m_axi_bready(m_axi_bready)
  );

  // -------------------------------------------------------------------------------------
  // For verification only: what every op produces, in its order, and what each cycle is spent on.
  // Nothing reads it here, so synthesis removes it.
  /* verilator lint_off UNUSED */
  reg  [11:0]         norm_op, patches_op, store_op, sm_op, sm_next_op;
  reg                 storing;
  always @(posedge aclk) begin
    storing <= aresetn && (start_store || (storing && !store_done));
    if (start_norm)    norm_op    <= s_op;
    if (start_patches) patches_op <= s_op;
    if (start_store)   store_op   <= s_op;
    if (scored)        sm_next_op <= d<% .Scored %>_op + 12'd1;
    if (sm_start)      sm_op      <= sm_next_op;
  end
<%- if .Pools %>
  // What is pooled comes at LayerNorm's port: they take turns.
  reg  [11:0]         pool_op;
  always @(posedge aclk) if (start_pool) pool_op <= s_op;
  wire                norm_rows = ln_valid<% if .PoolCodes %> && (norm_to != NORM_TO_POOL || pool_counted)<% end %>;
  wire [3:0]          trace_valid = {pg_valid, sm_valid, norm_rows || pool_valid, o_once && o_valid};
  wire [4*12-1:0]     trace_op    = {patches_op, sm_op, pool_valid ? pool_op : norm_op, d<% .Out %>_op};
  wire [4*8-1:0]      trace_count = {pg_count, sm_last ? SM_REST[7:0] : VC[7:0], pool_valid ? 8'd1 : VC[7:0], o_count};
<%- else %>
  wire [3:0]          trace_valid = {pg_valid, sm_valid, ln_valid, o_once && o_valid};
  wire [4*12-1:0]     trace_op    = {patches_op, sm_op, norm_op, d<% .Out %>_op};
  wire [4*8-1:0]      trace_count = {pg_count, sm_last ? SM_REST[7:0] : VC[7:0], VC[7:0], o_count};
<%- end %>
  // Scores, as they were when they left the array.
  reg  [VL*SW-1:0]    scores [0:15], raw;
  reg  [3:0]          scores_at;
  localparam [31:0]   SCORES_BACK = OUT - <% .Scored %>;
  wire [3:0]          scores_from = scores_at - SCORES_BACK[3:0]; // a net: Icarus has an index of more bits wrap to none
  always @(posedge aclk) begin
    scores_at         <= aresetn ? scores_at + 4'd1 : 4'd0;
    scores[scores_at] <= score_<% if .Windowed %>sum<% else %>col<% end %>;
    raw               <= scores[scores_from];
  end
  wire [VL*32-1:0]    trace_drain, trace_norm, trace_softmax;
  wire [TK*TM*32-1:0] trace_patches;
  generate
    for (g = 0; g < VL; g = g + 1) begin : gen_trace
      assign trace_drain[g*32 +: 32] = d<% .Out %>_to == TO_SCORES ? {{(32-SW+1){raw[g*SW + SW-1]}}, raw[g*SW +: SW-1]}
                                     : d<% .Out %>_gelu ? {{(32-AB+1){code_col[g*AB + AB-1]}}, code_col[g*AB +: AB-1]}
                                     : {{(32-YW+1){y_out[g*YW + YW-1]}}, y_out[g*YW +: YW-1]};
<%- if .Pools %>
      // An op's rows begin with the first token that it has.
<%- if .PoolCodes %>
      wire [LB-1:0] ln_code = norm_to == NORM_TO_POOL && pool_opening && g + POOL_FIRST % TM < VL
                            ? ln_col[((g + POOL_FIRST % TM) % VL)*LB +: LB] : ln_col[g*LB +: LB];
<%- else %>
      wire [LB-1:0] ln_code = ln_col[g*LB +: LB];
<%- end %>
      wire [31:0]   ln_value = {{(32-LB+1){ln_code[LB-1]}}, ln_code[LB-2:0]};
      assign trace_norm[g*32 +: 32]    = g == 0 && pool_valid ? {{(32-POOL_OB+1){pool_y[POOL_OB-1]}}, pool_y[POOL_OB-2:0]} : ln_value;
<%- else %>
      assign trace_norm[g*32 +: 32]    = {{(32-LB+1){ln_col[g*LB + LB-1]}}, ln_col[g*LB +: LB-1]};
<%- end %>
      assign trace_softmax[g*32 +: 32] = {{(32-PB){1'b0}}, sm_col[g*PB +: PB]};
    end
    for (g = 0; g < TK*TM; g = g + 1) begin : gen_trace_patches
      assign trace_patches[g*32 +: 32] = {{(32-IB+1){pg_word[g*IB + IB-1]}}, pg_word[g*IB +: IB-1]};
    end
  endgenerate
<%- if .Pools %>
  wire [4:0]          trace_end    = {store_done, patches_done, softmax_done, norm_done || pool_done, drained};
  wire [5*12-1:0]     trace_end_op = {store_op, patches_op, sm_op, pool_done ? pool_op : norm_op, d<% .Buffered %>_op};
<%- else %>
  wire [4:0]          trace_end    = {store_done, patches_done, softmax_done, norm_done, drained};
  wire [5*12-1:0]     trace_end_op = {store_op, patches_op, sm_op, norm_op, d<% .Buffered %>_op};
<%- end %>
  // What the array does in this cycle, and for which op.
  localparam [3:0] BEAT = 4'd0, DRAIN = 4'd1, WEIGHTS = 4'd2, ROW = 4'd3, SOFTMAX = 4'd4, EARLIER = 4'd5,
                   START = 4'd6, IMAGE = 4'd7, STORE = 4'd8;
  wire [3:0]  trace_cause = feeding ? BEAT : stalled ? WEIGHTS : starved ? ROW : feeder_busy ? DRAIN
      : feed_valid ? (feed_start ? START : f_wait == WAIT_SOFTMAX ? SOFTMAX : EARLIER)
      : storing || start_store ? STORE
      : !queue_empty ? EARLIER : s_opcode == OP_PATCHES ? IMAGE : START;
  wire [11:0] trace_cause_op = feed_valid ? f_op : s_op;
  /* verilator lint_on UNUSED */
endmodule
