// AXI4 read master: fetches `images` images, and the weight stream for each of them, as one sequence
// of beats into a FIFO. The first image comes first. Every other comes in the middle of the stream of
// the image before it, behind STREAM_HEAD beats: image, head, image, tail, head, image, tail ... and
// at last the whole stream. Bursts are INCR, at most BURST beats, never across the end of one of
// these parts or a 4 KiB boundary, and only asked for when the FIFO has room for all of it, so
// RREADY is always high. halt ends the sequence in order: nothing more is asked for, and what was asked
// for is taken and dropped until the bus is idle.
module vit_axi_read #(
  parameter BW           = 64,
  parameter ADDRW        = 40,
  parameter DEPTH        = 64,   // FIFO beats, a power of two
  parameter BURST        = 16,
  parameter IMAGE_BEATS  = 8,
  parameter STREAM_BEATS = 100,
  parameter STREAM_HEAD  = 50    // of them, those before the next image
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              halt,
  output wire              idle,           // nothing asked for and nothing in the FIFO
  input  wire              start,
  input  wire [31:0]       images,
  input  wire [ADDRW-1:0]  image_base,     // aligned to the bus width, as stream_base
  input  wire [ADDRW-1:0]  stream_base,
  output reg               error,          // a response other than OKAY, sticky until start
  output reg  [ADDRW-1:0]  m_axi_araddr,
  output reg  [7:0]        m_axi_arlen,
  output reg               m_axi_arvalid,
  input  wire              m_axi_arready,
  input  wire [BW-1:0]     m_axi_rdata,
  input  wire [1:0]        m_axi_rresp,
  input  wire              m_axi_rvalid,
  output wire              m_axi_rready,
  output wire              beat_valid,
  output wire [BW-1:0]     beat,
  input  wire              beat_ready
);
  localparam LB = $clog2(BW/8);
  localparam FW = $clog2(DEPTH);
  localparam [12-LB:0] PAGE = {1'b1, {(12-LB){1'b0}}}; // beats of a 4 KiB page

  // Address generation.
  localparam [1:0] FIRST = 2'd0, HEAD = 2'd1, NEXT = 2'd2, TAIL = 2'd3;
  reg              active;
  reg [1:0]        part;
  reg [31:0]       images_left, beats_left;     // images that have not been begun; beats of the part
  reg [ADDRW-1:0]  addr, aside;                 // aside: where the images, or the stream, go on
  reg [FW:0]       room;                        // FIFO places not asked for yet
  wire [12-LB:0]   to_page = PAGE - {1'b0, addr[11:LB]};
  wire [31:0]      most    = beats_left < BURST ? beats_left : BURST;
  wire [31:0]      len     = most < {{(19+LB){1'b0}}, to_page} ? most : {{(19+LB){1'b0}}, to_page};
  wire             ask     = active && !halt && !m_axi_arvalid && {{(31-FW){1'b0}}, room} >= len;
  wire [ADDRW-1:0] after   = addr + {{(ADDRW-32){1'b0}}, len << LB};
  wire             more    = images_left != 32'd0;
  // The last image's stream is not cut.
  wire [31:0]      head_beats = more ? STREAM_HEAD : STREAM_BEATS;
  wire             pop     = beat_valid && beat_ready;
  reg  [FW:0]      head, tail;
  wire [FW:0]      dropped = head - tail + {{FW{1'b0}}, m_axi_rvalid}; // in a cycle of halt
  wire [FW:0]      freed   = halt ? dropped : {{FW{1'b0}}, pop};
  assign idle = !m_axi_arvalid && room == DEPTH[FW:0];
  always @(posedge aclk) begin
    if (!aresetn) begin
      active        <= 1'b0;
      m_axi_arvalid <= 1'b0;
      room          <= DEPTH[FW:0];
    end else begin
      if (halt) active <= 1'b0;
      else if (start) begin
        active      <= 1'b1;
        part        <= FIRST;
        images_left <= images - 32'd1;
        beats_left  <= IMAGE_BEATS;
        addr        <= image_base;
      end else if (ask) begin
        m_axi_arvalid <= 1'b1;
        m_axi_araddr  <= addr;
        m_axi_arlen   <= len[7:0] - 8'd1;
        addr          <= after;
        beats_left    <= beats_left - len;
        if (beats_left == len) case (part)
          FIRST: begin
            part       <= HEAD;
            beats_left <= head_beats;
            addr       <= stream_base;
            aside      <= after;
          end
          HEAD: begin
            active      <= more;
            part        <= NEXT;
            images_left <= images_left - 32'd1;
            beats_left  <= IMAGE_BEATS;
            addr        <= aside;
            aside       <= after;
          end
          NEXT: begin
            part       <= TAIL;
            beats_left <= STREAM_BEATS - STREAM_HEAD;
            addr       <= aside;
            aside      <= after;
          end
          TAIL: begin
            part       <= HEAD;
            beats_left <= head_beats;
            addr       <= stream_base;
          end
        endcase
      end
      if (m_axi_arvalid && m_axi_arready) m_axi_arvalid <= 1'b0;
      room <= room - (ask ? len[FW:0] : {(FW+1){1'b0}}) + freed;
    end
  end

  // FIFO.
  (* ram_style = "distributed" *) reg [BW-1:0] fifo [0:DEPTH-1];
  assign m_axi_rready = 1'b1;
  assign beat_valid   = head != tail;
  assign beat         = fifo[tail[FW-1:0]];
  always @(posedge aclk) begin
    if (m_axi_rvalid) fifo[head[FW-1:0]] <= m_axi_rdata;
    if (!aresetn || halt) begin
      head <= {(FW+1){1'b0}};
      tail <= {(FW+1){1'b0}};
    end else begin
      head <= head + {{FW{1'b0}}, m_axi_rvalid};
      tail <= tail + {{FW{1'b0}}, pop};
    end
    error <= aresetn && !start && (error || (m_axi_rvalid && m_axi_rresp != 2'b00));
  end
endmodule
