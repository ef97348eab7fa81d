// Walks the program (program.mem), one descriptor an op: waits until the buffers the op reads
// have been loaded, starts its unit, and goes on when the unit is done. A descriptor with `loop`
// set goes back two descriptors `loops` - 1 times (scores, softmax, value product of each row
// tile), moving the row offset on by `rowstep`. After the last descriptor the program starts
// over until `images` images are done.
module vit_sequencer #(
  parameter DESCW = 256,
  parameter OPS   = 16,
  parameter PCW   = 4,
  parameter AW    = 16
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              start,
  input  wire [31:0]       images,
  output reg               busy,
  output reg  [31:0]       images_done,
  output reg  [DESCW-1:0]  desc,          // the op; constant while it runs
  // Fields of desc this module needs itself.
  input  wire              loop,
  input  wire [15:0]       loops,
  input  wire [AW-1:0]     rowstep,
  input  wire              last,
  input  wire              buffers_ready,
  output reg               op_start,
  input  wire              op_end,
  output reg  [AW-1:0]     row_offset
);
  reg [DESCW-1:0] program_rom [0:OPS-1];
  initial $readmemh("program.mem", program_rom);

  localparam [2:0] IDLE = 3'd0, FETCH = 3'd1, DECODE = 3'd2, READY = 3'd3, RUN = 3'd4;
  reg [2:0]     state;
  reg [PCW-1:0] pc;
  reg [15:0]    pass;
  wire          again = loop && pass != loops - 16'd1;

  always @(posedge aclk) begin
    if (state == FETCH) desc <= program_rom[pc];
    op_start <= aresetn && state == READY && buffers_ready;
    if (!aresetn) begin
      state <= IDLE;
      busy  <= 1'b0;
    end else case (state)
      IDLE: if (start) begin
        state       <= FETCH;
        busy        <= 1'b1;
        pc          <= {PCW{1'b0}};
        pass        <= 16'd0;
        row_offset  <= {AW{1'b0}};
        images_done <= 32'd0;
      end
      FETCH:  state <= DECODE;
      DECODE: state <= READY;
      READY:  if (buffers_ready) state <= RUN;
      RUN: if (op_end) begin
        state <= FETCH;
        if (again) begin
          pc         <= pc - {{(PCW-2){1'b0}}, 2'd2};
          pass       <= pass + 16'd1;
          row_offset <= row_offset + rowstep;
        end else begin
          pc <= last ? {PCW{1'b0}} : pc + {{(PCW-1){1'b0}}, 1'b1};
          if (loop) begin
            pass       <= 16'd0;
            row_offset <= {AW{1'b0}};
          end
        end
        if (last) begin
          images_done <= images_done + 32'd1;
          if (images_done == images - 32'd1) begin
            state <= IDLE;
            busy  <= 1'b0;
          end
        end
      end
      default: state <= IDLE;
    endcase
  end
endmodule
