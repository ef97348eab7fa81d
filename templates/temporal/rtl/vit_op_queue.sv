// Matmuls on their way through the array. The sequencer pushes descriptors; the feeder works on
// the oldest whose operands it has not all fed, the drain on the oldest whose columns have not
// all left the array. An entry stays until they are all in their buffer.
//
// Both have their op in registers, from the second cycle after it was pushed, and in the cycle after the op
// before is done. The drain, whose next op's columns may follow at once, has that op in registers too:
// what it makes of its settings is ready before it changes over.
module vit_op_queue #(
  parameter DESCRIPTOR_BITS = 256  // [bits] of a descriptor
) (
  input  wire                       aclk,
  input  wire                       aresetn,
  input  wire                       push,
  input  wire [DESCRIPTOR_BITS-1:0] in_desc,
  output wire                       full,
  // The feeder's op.
  output reg                        feed_valid,
  output reg  [DESCRIPTOR_BITS-1:0] feed_desc,
  input  wire                       feed_done,
  // The drain's op and the one behind it.
  output reg  [DESCRIPTOR_BITS-1:0] drain_desc,
  output reg  [DESCRIPTOR_BITS-1:0] next_desc,
  output wire                       drain_load,  // drain_desc takes next_desc at the end of the cycle
  input  wire                       drain_done,  // the op's last columns leave the array
  input  wire                       drained,     // the oldest op's columns are in their buffer
  output wire                       caught_up,   // all ops before the feeder's are
  output wire                       empty
);
  (* ram_style = "distributed" *) reg [DESCRIPTOR_BITS-1:0] entries [0:<% .QueueDepth %>-1];
  localparam POINTER_BITS = <% .QueuePointer %>;  // one more bit than an index: they wrap apart
  reg [POINTER_BITS-1:0] head, fed, fed_1, next, next_1, done; // fed_1 is fed + 1, next_1 likewise
  reg                    next_valid, next_settled, loaded;
  wire [POINTER_BITS-1:0] fed_to  = feed_done ? fed_1 : fed;
  wire [POINTER_BITS-1:0] next_to = drain_load ? next_1 : next;
  assign drain_load = next_settled && (drain_done || !loaded);

  always @(posedge aclk) begin
    if (push) entries[head[POINTER_BITS-2:0]] <= in_desc;
    feed_desc <= entries[fed_to[POINTER_BITS-2:0]];
    next_desc <= entries[next_to[POINTER_BITS-2:0]];
    if (drain_load) drain_desc <= next_desc;
    if (!aresetn) begin
      head         <= {POINTER_BITS{1'b0}};
      fed          <= {POINTER_BITS{1'b0}};
      fed_1        <= {{(POINTER_BITS-1){1'b0}}, 1'b1};
      next         <= {POINTER_BITS{1'b0}};
      next_1       <= {{(POINTER_BITS-1){1'b0}}, 1'b1};
      done         <= {POINTER_BITS{1'b0}};
      feed_valid   <= 1'b0;
      next_valid   <= 1'b0;
      next_settled <= 1'b0;
      loaded       <= 1'b0;
    end else begin
      head         <= head + {{(POINTER_BITS-1){1'b0}}, push};
      fed          <= fed_to;
      fed_1        <= fed_1 + {{(POINTER_BITS-1){1'b0}}, feed_done};
      next         <= next_to;
      next_1       <= next_1 + {{(POINTER_BITS-1){1'b0}}, drain_load};
      done         <= done + {{(POINTER_BITS-1){1'b0}}, drained};
      feed_valid   <= head != fed_to;
      next_valid   <= head != next_to;
      next_settled <= next_valid && !drain_load;
      loaded       <= drain_load || (loaded && !drain_done);
    end
  end

  assign full      = head == (done ^ {1'b1, {(POINTER_BITS-1){1'b0}}});
  assign empty     = head == done;
  assign caught_up = fed == done;

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (push && full) begin
        $display("%m: a matmul is pushed into a full queue");
        $stop;
      end
      if (feed_done && !feed_valid) begin
        $display("%m: a matmul is fed that is not there");
        $stop;
      end
      if (drain_done && !loaded) begin
        $display("%m: columns leave that are of no matmul");
        $stop;
      end
      if (drained && empty) begin
        $display("%m: a matmul is in its buffer that is not there");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif
endmodule
