// Collects the logits of an image, 32 bits each, and writes them as one block with an AXI4
// write master. Bursts are INCR, at most BURST beats, never across a 4 KiB boundary, one at a
// time; done comes with the response of the last. halt ends the block with the burst under
// way: what was announced is sent, and its response awaited.
module vit_axi_write #(
  parameter BW     = 64,
  parameter ADDRW  = 40,
  parameter BURST  = 16,
  parameter COUNT  = 10,     // logits
  parameter LW     = 18,     // bits of a logit, signed
  parameter BEATS  = 5,      // bus beats of a result
  parameter BIW    = 3       // bits of a beat index
) (
  input  wire              aclk,
  input  wire              aresetn,
  input  wire              halt,
  output wire              idle,
  // Logits in any order, at most one a cycle.
  input  wire              logit_valid,
  input  wire [15:0]       logit_index,
  input  wire [LW-1:0]     logit,
  // One result block.
  input  wire              first,          // before the first image: start over at base
  input  wire [ADDRW-1:0]  base,           // aligned to the bus width
  input  wire              start,
  output reg               done,
  output reg               error,          // a response other than OKAY, sticky until first
  output reg  [ADDRW-1:0]  m_axi_awaddr,
  output reg  [7:0]        m_axi_awlen,
  output reg               m_axi_awvalid,
  input  wire              m_axi_awready,
  output wire [BW-1:0]     m_axi_wdata,
  output wire              m_axi_wlast,
  output wire              m_axi_wvalid,
  input  wire              m_axi_wready,
  input  wire [1:0]        m_axi_bresp,
  input  wire              m_axi_bvalid,
  output wire              m_axi_bready
);
  localparam LB = $clog2(BW/8);
  localparam PER = BW / 32;                       // logits of a beat
  localparam PL  = $clog2(PER);
  localparam [12-LB:0] PAGE = {1'b1, {(12-LB){1'b0}}}; // beats of a 4 KiB page

  // One memory a 32-bit lane of the bus, so that a logit is written by itself.
  reg  [BIW-1:0]  sent;
  wire [31:0]     logit32 = {{(32-LW){logit[LW-1]}}, logit};
  genvar g;
  generate
    for (g = 0; g < PER; g = g + 1) begin : gen_lane
      (* ram_style = "distributed" *) reg [31:0] kept [0:BEATS-1];
      /* verilator lint_off UNSIGNED */
      /* verilator lint_off CMPCONST */
      wire mine = PER == 1 || (logit_index & (PER - 1)) == g;
      /* verilator lint_on CMPCONST */
      /* verilator lint_on UNSIGNED */
      always @(posedge aclk)
        if (logit_valid && mine) kept[logit_index[PL +: BIW]] <= logit32;
      // Lanes past the last logit are sent as zeros.
      assign m_axi_wdata[g*32 +: 32] = {{(32-BIW-PL){1'b0}}, sent, {PL{1'b0}}} + g < COUNT ? kept[sent] : 32'd0;
    end
  endgenerate

  localparam [1:0] IDLE = 2'd0, ADDRESS = 2'd1, DATA = 2'd2, RESPONSE = 2'd3;
  reg  [1:0]       state;
  reg  [ADDRW-1:0] addr;
  reg  [15:0]      left, in_burst;
  wire [12-LB:0]   to_page = PAGE - {1'b0, addr[11:LB]};
  wire [15:0]      most    = left < BURST ? left : BURST;
  wire [15:0]      len     = most < {{(3+LB){1'b0}}, to_page} ? most : {{(3+LB){1'b0}}, to_page};
  assign m_axi_wvalid = state == DATA;
  assign m_axi_wlast  = in_burst == 16'd1;
  assign m_axi_bready = state == RESPONSE;
  assign idle         = state == IDLE;

  always @(posedge aclk) begin
    done <= 1'b0;
    if (!aresetn) begin
      state         <= IDLE;
      m_axi_awvalid <= 1'b0;
      error         <= 1'b0;
    end else begin
      if (first) begin
        addr  <= base;
        error <= 1'b0;
      end
      case (state)
        IDLE: if (start && !halt) begin
          state <= ADDRESS;
          left  <= BEATS;
          sent  <= {BIW{1'b0}};
        end
        ADDRESS: if (halt && !m_axi_awvalid) state <= IDLE;
        else begin
          m_axi_awvalid <= 1'b1;
          m_axi_awaddr  <= addr;
          m_axi_awlen   <= len[7:0] - 8'd1;
          in_burst      <= len;
          if (m_axi_awvalid && m_axi_awready) begin
            m_axi_awvalid <= 1'b0;
            addr          <= addr + {{(ADDRW-16){1'b0}}, len << LB};
            left          <= left - len;
            state         <= DATA;
          end
        end
        DATA: if (m_axi_wready) begin
          sent     <= sent + {{(BIW-1){1'b0}}, 1'b1};
          in_burst <= in_burst - 16'd1;
          if (in_burst == 16'd1) state <= RESPONSE;
        end
        RESPONSE: if (m_axi_bvalid) begin
          error <= error || m_axi_bresp != 2'b00;
          state <= left == 16'd0 || halt ? IDLE : ADDRESS;
          done  <= left == 16'd0 && !halt;
        end
        default: state <= IDLE;
      endcase
    end
  end
endmodule
