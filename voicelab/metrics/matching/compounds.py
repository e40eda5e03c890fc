"""Chinese and Japanese names made of a place and an institution, such as 东京大学, which does not contain 京大.

Without a dictionary, words of a script without spaces cannot be separated. These lists contain the most frequent places
and institutions in names of companies, schools and offices, so that an entity across the boundary of two words is not
found.
"""

import re

_PLACES = """
中国 中國 中华 中華 美国 美國 英国 英國 法国 法國 德国 德國 韩国 韓国 韓國 日本 印度 泰国 泰國 俄罗斯 俄羅斯
加拿大 澳大利亚 亚洲 亞洲 欧洲 歐洲 北美 南美 非洲 全国 全國 国际 國際 世界 全球 北京 上海 天津 重庆 重慶 广州
廣州 深圳 南京 武汉 武漢 成都 杭州 苏州 蘇州 西安 长沙 長沙 郑州 鄭州 青岛 青島 大连 大連 厦门 廈門 福州 济南
濟南 合肥 昆明 南昌 宁波 寧波 无锡 無錫 沈阳 瀋陽 哈尔滨 哈爾濱 长春 長春 石家庄 太原 兰州 蘭州 海口 三亚 拉萨
广东 廣東 广西 廣西 江苏 江蘇 浙江 山东 山東 山西 河南 河北 湖南 湖北 四川 福建 安徽 江西 云南 雲南 贵州 貴州
陕西 陝西 甘肃 青海 海南 辽宁 遼寧 吉林 黑龙江 内蒙古 新疆 西藏 宁夏 香港 澳门 澳門 台湾 台灣 臺灣 台北 臺北 高雄
台中 新加坡 东京 東京 大阪 京都 横浜 横滨 名古屋 神戸 神户 札幌 福岡 福冈 広島 广岛 仙台 千葉 千叶 埼玉 神奈川
北海道 九州 四国 関西 関東 沖縄 首尔 首爾 釜山 纽约 紐約 伦敦 倫敦 巴黎 华盛顿 華盛頓 旧金山 洛杉矶 芝加哥 波士顿
""".split()  # fmt: skip

_INSTITUTIONS = """
大学 大學 学院 學院 中学 中學 小学 小學 高校 学校 學校 公司 银行 銀行 证券 證券 証券 保险 保險 保険 基金 信托
信託 集团 集團 电力 電力 电信 電信 電話 移动 移動 联通 聯通 石油 石化 天然气 煤炭 钢铁 鋼鐵 鉄鋼 铁路 鐵路 鉄道
航空 机场 機場 空港 汽车 汽車 自動車 政府 法院 警察 医院 醫院 病院 市场 市場 中心 交易所 取引所 新闻 新聞 日报
日報 时报 時報 电视 電視 放送 广播 出版社 出版 印刷 人民 工业 工業 农业 農業 商业 商業 建设 建設 建筑 建築 交通
科技 科学 科學 技术 技術 电子 電子 电器 電器 電機 电气 電気 化学 化學 制药 製藥 製薬 医药 食品 饮料 酒店 地产
地產 不動産 物流 通信 通讯 软件 軟件 半导体 半導體 半導体 能源 资源 投资 投資 金融 信息 研究 研究所 委员会 協会
协会 联合会 博物馆 图书馆 公园 車站 车站 火车站 地铁 地鉄 海运 海運 造船 重工 商事 物産 生命 火災 海上
""".split()  # fmt: skip

_FIRST = re.compile("|".join(sorted({*_PLACES, "人民", "农业", "工商", "建设", "招商", "交通"}, key=len, reverse=True)))
_LONGEST = 4
_THEN = re.compile("|".join(sorted(_INSTITUTIONS, key=len, reverse=True)))


def across_two_words(text: str, start: int, end: int) -> bool:
    """Whether text[start:end] starts within one of these words and continues into the next."""
    borders = range(start + 1, end)
    return any(_THEN.match(text, border) and _ends_here(text, start, border) for border in borders)


def _ends_here(text: str, start: int, border: int) -> bool:
    """Whether a word starts before `start` and ends at `border`."""
    return any(_FIRST.fullmatch(text, begin, border) for begin in range(max(0, border - _LONGEST), start))
