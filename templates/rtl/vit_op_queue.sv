// Matmuls on their way through the array. The sequencer pushes descriptors; the feeder works on
// the oldest whose operands it has not all fed, the drain on the oldest whose columns have not
// all left the array. An entry stays until they are all in their buffer.
module vit_op_queue #(
  parameter WIDTH = 256
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              push,
  input  wire [WIDTH-1:0]  in_desc,
  output wire              full,
  // The feeder's op.
  output wire              feed_valid,
  output wire [WIDTH-1:0]  feed_desc,
  input  wire              feed_done,
  // The drain's op.
  output wire [WIDTH-1:0]  drain_desc,
  input  wire              drain_done,    // its last columns leave the array
  input  wire              drained,       // the oldest op's columns are in their buffer
  output wire              caught_up,     // all ops before the feeder's are
  output wire              empty
);
  (* ram_style = "distributed" *) reg [WIDTH-1:0] entries [0:3];
  reg [2:0] head, fed, left, done;        // one more bit than an index: they wrap apart

  always @(posedge aclk) begin
    if (push) entries[head[1:0]] <= in_desc;
    if (!aresetn) begin
      head    <= 3'd0;
      fed     <= 3'd0;
      left    <= 3'd0;
      done    <= 3'd0;
    end else begin
      head    <= head    + {2'd0, push};
      fed     <= fed     + {2'd0, feed_done};
      left    <= left    + {2'd0, drain_done};
      done    <= done    + {2'd0, drained};
    end
  end

  assign full       = head == (done ^ 3'b100);
  assign empty      = head == done;
  assign caught_up  = fed == done;
  assign feed_valid = head != fed;
  assign feed_desc  = entries[fed[1:0]];
  assign drain_desc = entries[left[1:0]];
endmodule
