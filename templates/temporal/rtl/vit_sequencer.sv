// Walks the program (program.mem), one descriptor a step, and hands each to its unit. A matmul
// goes into the array's queue as soon as there is room; patches, LayerNorm and the store of the
// result start when all that came before has finished. None but the store is waited for: what
// depends on an op waits for it itself.
//
// A descriptor with `loop` set goes back one descriptor `loops` - 1 times (the scores of a row
// tile, the value product of the one before), moving the row offset on by `rowstep`. After the
// last descriptor the program starts over until `images` images are done.
//
<%- if .Windowed %>
// Where attention is in windows, operand b of scores and value products in a loop is that of their row tile's window:
// it moves on by `window` behind each window's last row tile.
//
<%- end %>
// A step takes four cycles at least: the program's output register, the descriptor, what follows from it
// (the addresses that the row offset moves, whether the loop goes on), and the hand-over.
module vit_sequencer #(
  parameter DESCRIPTOR_BITS = 256,  // [bits] of a descriptor
  parameter STEPS           = 16,   // [steps] of the program
  parameter STEP_INDEX_BITS = 4,    // [bits] number of a step
  parameter ADDR_BITS       = 16    // [bits] address of a buffer
) (
  input  wire                       aclk,
  input  wire                       aresetn,
  input  wire                       start,
  input  wire [31:0]                images,
  output reg                        busy,
  output reg  [31:0]                images_done,
  output reg  [DESCRIPTOR_BITS-1:0] desc,
  output reg  [ADDR_BITS-1:0]       a_base,         // desc's, in this pass of a loop
  output reg  [ADDR_BITS-1:0]       base,
<%- if .Windowed %>
  output reg  [ADDR_BITS-1:0]       b_base,
<%- end %>
  // Fields of desc this module needs itself.
  input  wire                       is_matmul,
  input  wire                       is_store,
  input  wire                       loop,
  input  wire [15:0]                loops_1,        // loops - 1
  input  wire                       move_a,         // the row offset moves a_base
  input  wire                       move_out,       // and base
  input  wire [ADDR_BITS-1:0]       first_a_base,
  input  wire [ADDR_BITS-1:0]       first_base,
  input  wire [ADDR_BITS-1:0]       rowstep,
<%- if .Windowed %>
  input  wire [ADDR_BITS-1:0]       first_b_base,
  input  wire                       is_scores,
  input  wire [7:0]                 window_tiles_1, // row tiles of a window, less one
  input  wire [7:0]                 window_at,      // those in front of a loop's first scores
  input  wire [ADDR_BITS-1:0]       window,         // words from a window's operand b to the next one's
<%- end %>
  input  wire                       last,
  input  wire                       buffers_ready,  // what the op reads has been loaded
  input  wire                       queue_full,
  input  wire                       quiet,          // no unit is running and the queue is empty
  output wire                       push,           // desc goes into the array's queue
  output reg                        op_start,       // desc's unit starts
  input  wire                       store_done
);
  reg [DESCRIPTOR_BITS-1:0] program_rom [0:STEPS-1];
  initial $readmemh("program.mem", program_rom);

  localparam [2:0] IDLE = 3'd0, FETCH = 3'd1, DECODE = 3'd2, SETTLE = 3'd3, READY = 3'd4, STORE = 3'd5;
  reg [2:0]                 state;
  reg [DESCRIPTOR_BITS-1:0] fetched;
  reg [STEP_INDEX_BITS-1:0] pc, next_pc;   // next_pc: of the step behind this one
  reg [15:0]                pass;
  reg [ADDR_BITS-1:0]       row_offset;
  reg                       again;         // the loop goes on
  reg [31:0]                images_left;
  reg                       last_image;
  wire          goes_on = loop && pass != loops_1;
<%- if .Windowed %>
  // Of the loop's scores and value products: the row tile within its window, and its window's operand b.
  reg  [7:0]                score_tile, value_tile;
  reg  [ADDR_BITS-1:0]      key_offset, value_offset;
  wire [7:0]                tile     = !is_scores ? value_tile : pass == 16'd0 ? window_at : score_tile;
  wire                      end_tile = tile == window_tiles_1;
<%- end %>
  wire          go    = state == READY && buffers_ready && (is_matmul ? !queue_full : quiet);
  wire          next  = is_store ? state == STORE && store_done : go;
  assign        push  = go && is_matmul;

  always @(posedge aclk) begin
    fetched    <= program_rom[pc];
    if (state == DECODE) desc <= fetched;
    a_base     <= first_a_base + (move_a ? row_offset : {ADDR_BITS{1'b0}});
    base       <= first_base + (move_out ? row_offset : {ADDR_BITS{1'b0}});
<%- if .Windowed %>
    b_base     <= first_b_base + (is_scores ? key_offset : value_offset);
<%- end %>
    again      <= goes_on;
    next_pc    <= goes_on ? pc - {{(STEP_INDEX_BITS-1){1'b0}}, 1'b1} : last ? {STEP_INDEX_BITS{1'b0}}
                : pc + {{(STEP_INDEX_BITS-1){1'b0}}, 1'b1};
    last_image <= images_left == 32'd1;
    op_start   <= aresetn && go && !is_matmul;
    if (!aresetn) begin
      state <= IDLE;
      busy  <= 1'b0;
    end else case (state)
      IDLE: if (start) begin
        state       <= FETCH;
        busy        <= 1'b1;
        pc          <= {STEP_INDEX_BITS{1'b0}};
        pass        <= 16'd0;
        row_offset  <= {ADDR_BITS{1'b0}};
<%- if .Windowed %>
        {key_offset, value_offset, value_tile} <= {(2*ADDR_BITS+8){1'b0}};
<%- end %>
        images_done <= 32'd0;
        images_left <= images;
      end
      FETCH:   state <= DECODE;
      DECODE:  state <= SETTLE;
      SETTLE:  state <= READY;
      READY:   if (go) state <= is_store ? STORE : FETCH;
      STORE:   if (store_done) state <= FETCH;
      default: state <= IDLE;
    endcase
    if (aresetn && next) begin
      pc <= next_pc;
<%- if .Windowed %>
      if (loops_1 != 16'd0 || loop) begin
        if (is_scores) score_tile <= end_tile ? 8'd0 : tile + 8'd1;
        else           value_tile <= end_tile ? 8'd0 : tile + 8'd1;
        if (is_scores && end_tile)  key_offset   <= key_offset + window;
        if (!is_scores && end_tile) value_offset <= value_offset + window;
      end
<%- end %>
      if (again) begin
        pass       <= pass + 16'd1;
        row_offset <= row_offset + rowstep;
      end else if (loop) begin
        pass       <= 16'd0;
        row_offset <= {ADDR_BITS{1'b0}};
<%- if .Windowed %>
        {key_offset, value_offset, value_tile} <= {(2*ADDR_BITS+8){1'b0}};
<%- end %>
      end
      if (last) begin
        images_done <= images_done + 32'd1;
        images_left <= images_left - 32'd1;
        if (last_image) begin
          state <= IDLE;
          busy  <= 1'b0;
        end
      end
    end
  end

`ifndef SYNTHESIS
  // Never of a right design; a simulation ends here.
  /* verilator lint_off WIDTH */
  /* verilator lint_off CMPCONST */
  reg was_reset = 1'b0;                    // nothing is known before
  always @(posedge aclk) begin
    if (!aresetn) was_reset <= 1'b1;
    else if (was_reset) begin
      if (state == FETCH && pc >= STEPS) begin
        $display("%m: a step past the end of the program");
        $stop;
      end
      if (start && busy) begin
        $display("%m: a run starts in another");
        $stop;
      end
    end
  end
  /* verilator lint_on CMPCONST */
  /* verilator lint_on WIDTH */
`endif

  // Parameters that this module cannot be had with: elaboration ends at a module that there is not.
  generate
    if (STEPS > (1 << STEP_INDEX_BITS)) begin : gen_refused_STEPS_needs_more_bits_than_STEP_INDEX_BITS
      vit_sequencer_STEPS_needs_more_bits_than_STEP_INDEX_BITS u_refused ();
    end
  endgenerate
endmodule
