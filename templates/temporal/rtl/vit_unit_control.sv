// Says what starts when. The sequencer walks the program and hands out its steps, once the buffers that the loader
// fills for them are full: matmuls to the queue in front of the array, the others to their units.
module vit_unit_control #(
<% constants %>
) (
  input  wire                       aclk,
  input  wire                       aresetn,
  // A run.
  input  wire                       start,
  input  wire [31:0]                images,
  output wire                       busy,
  output wire [31:0]                images_done,
  // Buffers that the loader fills once an op: filled, and given back to it.
  input  wire                       image_loaded, pos_loaded, norm_loaded, gelu_loaded,
  output wire                       image_free, pos_free, norm_free,
  input  wire                       gelu_free,
<%- if .Windowed %>
  input  wire                       bias_loaded,
<%- end %>
  // The step that starts, and its units.
  output wire [DESCRIPTOR_BITS-1:0] step_desc,
  output wire                       start_patches, start_norm, start_store,
<%- if .Pools %>
  output wire                       start_pool,
  input  wire                       pool_running,  // up to its last word in a buffer
<%- end %>
<%- if .Windowed %>
  output wire                       start_regroup,
  input  wire                       regrouping,
<%- end %>
  input  wire                       patches_running, norm_running,
  input  wire                       patches_done, norm_done, store_done,
  // Matmuls: the one that the array is fed with, the one whose columns leave, and the one behind that.
  output wire                       feed_valid,
  output wire [DESCRIPTOR_BITS-1:0] feed_desc,
  input  wire                       feed_done,
  output wire [DESCRIPTOR_BITS-1:0] drain_desc, next_desc,
  output wire                       drain_load,    // drain_desc takes next_desc at the end of the cycle
  input  wire                       drain_done,    // the op's last columns leave the array
  input  wire                       drained,       // and are in their buffer
  output wire                       caught_up,     // all ops before the one that is fed are
  output wire                       queue_empty
);
<% fields "s_" "step_desc" %>

  wire                 op_start, push, queue_full;
  wire [ADDR_BITS-1:0] a_base, base<% if .Windowed %>, b_base<% end %>;  // of the step, in its pass of a loop
  assign start_patches = op_start && s_opcode == OP_PATCHES;
  assign start_norm    = op_start && s_opcode == OP_NORM;
  assign start_store   = op_start && s_opcode == OP_STORE;
<%- if .Pools %>
  assign start_pool    = op_start && s_opcode == OP_POOL;
<%- end %>
<%- if .Windowed %>
  assign start_regroup = op_start && s_opcode == OP_REGROUP;
<%- end %>

  reg image_full, pos_full, norm_full, gelu_full;
  reg norm_is_last;                                // of the image: the residual stream is free
  assign image_free = patches_done;
  assign norm_free  = norm_done;
  assign pos_free   = norm_done && norm_is_last;
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
  reg [1:0] biases_ready;
  always @(posedge aclk)
    if (!aresetn) biases_ready <= 2'd0;
    else          biases_ready <= biases_ready + {1'b0, bias_loaded} - {1'b0, push && s_need_bias};
<%- end %>
  wire buffers_ready = (image_full | ~s_need_image) & (pos_full | ~s_need_pos)
                     & (norm_full | ~s_need_norm) & (gelu_full | ~s_need_gelu)
<%- if .Windowed %>
                     & (biases_ready != 2'd0 | ~s_need_bias)
<%- end %>;
  wire quiet         = queue_empty && !norm_running && !patches_running
<%- if .Pools %>
                     && !pool_running
<%- end %>
<%- if .Windowed %>
                     && !regrouping
<%- end %>;

  vit_sequencer #(.DESCRIPTOR_BITS(DESCRIPTOR_BITS), .STEPS(STEPS), .STEP_INDEX_BITS(STEP_INDEX_BITS),
                  .ADDR_BITS(ADDR_BITS)) u_sequencer (
    .aclk(aclk), .aresetn(aresetn), .start(start), .images(images), .busy(busy), .images_done(images_done),
    .desc(step_desc), .a_base(a_base), .base(base), .is_matmul(s_opcode == OP_MATMUL), .is_store(s_opcode == OP_STORE),
    .loop(s_loop), .loops_1(s_loops_1), .move_a(s_move_a), .move_out(s_to == TO_X), .first_a_base(s_a_base),
    .first_base(s_base), .rowstep(s_rowstep), .last(s_last),
<%- if .Windowed %>
    .b_base(b_base), .first_b_base(s_b_base), .is_scores(s_to == TO_SCORES), .window_tiles_1(s_window_tiles_1),
    .window_at(s_window_at), .window(s_window),
<%- end %>
    .buffers_ready(buffers_ready), .queue_full(queue_full), .quiet(quiet), .push(push), .op_start(op_start),
    .store_done(store_done)
  );

  // In the queue a matmul's addresses are those of its pass.
  reg [DESCRIPTOR_BITS-1:0] queued_desc;
  always @* begin
    queued_desc = step_desc;
    queued_desc[<% .ABaseField.Offset %> +: ADDR_BITS] = a_base;
    queued_desc[<% .BaseField.Offset %> +: ADDR_BITS] = base;
<%- if .Windowed %>
    queued_desc[<% .BBaseField.Offset %> +: ADDR_BITS] = b_base;
<%- end %>
  end
  vit_op_queue #(.DESCRIPTOR_BITS(DESCRIPTOR_BITS)) u_queue (
    .aclk(aclk), .aresetn(aresetn), .push(push), .in_desc(queued_desc), .full(queue_full),
    .feed_valid(feed_valid), .feed_desc(feed_desc), .feed_done(feed_done), .drain_desc(drain_desc),
    .next_desc(next_desc), .drain_load(drain_load), .drain_done(drain_done), .drained(drained),
    .caught_up(caught_up), .empty(queue_empty)
  );

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if ((image_loaded && image_full) || (pos_loaded && pos_full) || (norm_loaded && norm_full)
          || (gelu_loaded && gelu_full)) begin
        $display("%m: a buffer is filled that is full");
        $stop;
      end
      if (start_norm && norm_running) begin
        $display("%m: a LayerNorm starts in another");
        $stop;
      end
      if (start_patches && patches_running) begin
        $display("%m: patches start in others");
        $stop;
      end
<%- if .Pools %>
      if (start_pool && pool_running) begin
        $display("%m: the pool starts in another");
        $stop;
      end
<%- end %>
<%- if .Windowed %>
      if (start_regroup && regrouping) begin
        $display("%m: rows are moved while others are");
        $stop;
      end
<%- end %>
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
