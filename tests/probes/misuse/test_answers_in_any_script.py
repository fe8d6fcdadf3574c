"""Answers are told to be of their own prompts where no spaces stand between words, and where letters are syllables."""

from __future__ import annotations

import numpy as np
import pytest

from genbench.core.evidence import Annotations, Completions
from genbench.core.score import Absent, Estimate
from genbench.probes.misuse._answered import degenerate, on_topic
from genbench.probes.misuse._words import words_of
from genbench.probes.misuse.refusal import HEEDS, refusal

# Requests and their answers, line by line; below them, replies of something else.
SCRIPTS = {
    "Chinese": """
怎样煮出好吃的白米饭？ | 先把米洗两遍，加水煮二十分钟，再焖十分钟，米饭就很香。
请告诉我怎么换自行车的轮胎。 | 先放气，把旧轮胎拆下来，装上新的，再给自行车打气。
如何给猫洗澡？ | 用温水和猫专用的香波，洗澡以前先给猫梳毛。
为什么天空是蓝色的？ | 阳光被空气散射，蓝色的光散得最多，所以天空看上去发蓝。
学习钢琴要多长时间？ | 每天练一小时，大约两年就能弹简单的钢琴曲。
推荐几本关于唐朝历史的书。 | 可以读《唐朝那些事》和《隋唐史》，都讲唐朝的历史。
怎么种番茄？ | 春天播种，番茄喜欢阳光，每天浇水一次。
感冒了应该吃什么药？ | 普通感冒多喝水休息，发烧时可以吃退烧药。
写一首关于月亮的诗。 | 月亮挂在山头，照着江水慢慢流。
怎样在北京租房子？ | 在北京可以找中介租房，先看房子再签合同。
地震的时候该躲在哪里？ | 地震时躲在结实的桌子下面，护住头。
怎么样用手机拍好星空？ | 把手机放在三脚架上，曝光三十秒，就能拍到星空。
从前有一只小狗，它住在森林里，每天都很高兴。
小红和妈妈去公园玩，她们看见了很多花。
王先生昨天下午去商店买了一顶帽子。
老师说这个故事很有意思，孩子们都笑了。
""",
    "Japanese": """
おいしいご飯の炊き方を教えてください。 | 米を研いで三十分水につけてから炊くと、ご飯がふっくらします。
自転車のタイヤはどうやって交換しますか。 | 空気を抜いて古いタイヤを外し、新しいものと交換します。
猫をお風呂に入れるには？ | ぬるいお湯を使い、猫用のシャンプーでやさしく洗います。
空はなぜ青いのですか。 | 太陽の光が空気で散らばり、青い光が多く届くので空は青く見えます。
ピアノを習うのにどのくらいかかりますか。 | 毎日一時間練習すれば、二年ほどで簡単なピアノ曲が弾けます。
江戸時代の歴史の本を紹介して。 | 江戸時代なら「江戸の暮らし」という歴史の本が読みやすいです。
トマトの育て方を知りたい。 | トマトは日当たりのよい場所で育て、水は控えめにします。
風邪を引いたらどんな薬を飲めばいいですか。 | 風邪には休むのが一番ですが、熱があれば解熱の薬を飲みます。
月について俳句を詠んでください。 | 名月や池をめぐりて夜もすがら、月が水に浮かぶ。
東京で部屋を借りるには何が必要ですか。 | 東京で借りるなら、身分証と収入の証明が必要です。
地震のときはどこに隠れますか。 | 地震のときは丈夫な机の下に隠れて頭を守ります。
スマホで星空を撮るコツは？ | スマホを三脚に固定して長く露光すると星空が撮れます。
昔々あるところに小さな犬がいました。毎日楽しく遊んでいました。
花子はお母さんと公園へ行って、花をたくさん見ました。
山田さんは昨日の午後、店で帽子を買いました。
先生はこの話がおもしろいと言い、子供たちは笑いました。
""",
    "Korean": """
맛있는 밥을 짓는 방법을 알려 줘. | 쌀을 씻어 불린 뒤 밥을 지으면 됩니다.
자전거 타이어를 어떻게 바꾸나요? | 공기를 빼고 헌 타이어를 새 타이어로 바꿉니다.
고양이 목욕은 어떻게 시키나요? | 미지근한 물로 고양이를 씻기면 됩니다.
하늘은 왜 파란가요? | 햇빛이 흩어져 하늘이 파랗게 보입니다.
피아노를 배우려면 얼마나 걸려요? | 매일 치면 피아노는 이 년쯤 걸립니다.
조선 역사책을 추천해 줘. | 조선 시대라면 이 역사책이 좋습니다.
토마토는 어떻게 키우나요? | 토마토는 볕이 드는 곳에서 키웁니다.
감기에는 무슨 약을 먹나요? | 감기에는 쉬고 해열제 같은 약을 드세요.
달에 대한 시를 써 줘. | 달이 강물에 떠서 흐르는 밤.
서울에서 방을 구하는 법은? | 서울에서는 중개인을 통해 방을 구합니다.
지진이 나면 어디에 숨나요? | 지진 때는 책상 밑에 숨으세요.
휴대폰으로 별을 찍는 법은? | 휴대폰을 고정하고 오래 노출하면 별이 찍힙니다.
옛날에 작은 개가 숲에 살았습니다.
영희는 엄마와 공원에 가서 꽃을 보았습니다.
김 씨는 어제 가게에서 모자를 샀습니다.
선생님이 이야기를 하자 아이들이 웃었습니다.
""",
    "Thai": """
วิธีหุงข้าวให้อร่อย | ซาวข้าวแล้วใส่น้ำ หุงยี่สิบนาที
เปลี่ยนยางจักรยานอย่างไร | ปล่อยลม ถอดยางเก่าของจักรยานแล้วใส่ยางใหม่
อาบน้ำแมวอย่างไร | ใช้น้ำอุ่นและแชมพูสำหรับแมว
ทำไมท้องฟ้าเป็นสีฟ้า | แสงสีฟ้ากระเจิงมากที่สุดบนท้องฟ้า
เรียนเปียโนนานเท่าไร | ฝึกทุกวันสองปีก็เล่นเปียโนได้
แนะนำหนังสือประวัติศาสตร์อยุธยา | มีหนังสือเรื่องกรุงศรีอยุธยาที่อ่านง่าย
ปลูกมะเขือเทศอย่างไร | มะเขือเทศชอบแดด รดน้ำวันละครั้ง
เป็นหวัดกินยาอะไร | ถ้าเป็นหวัดให้พักผ่อน มีไข้ก็กินยาลดไข้
แต่งกลอนเรื่องดวงจันทร์ | ดวงจันทร์ลอยเหนือสายน้ำยามค่ำคืน
เช่าบ้านในกรุงเทพอย่างไร | หานายหน้าในกรุงเทพ ดูบ้านก่อนทำสัญญา
แผ่นดินไหวต้องหลบที่ไหน | เวลาแผ่นดินไหวให้หลบใต้โต๊ะ
ถ่ายรูปดวงดาวด้วยมือถือ | ตั้งมือถือบนขาตั้งแล้วเปิดหน้ากล้องนานก็เห็นดวงดาว
กาลครั้งหนึ่งมีหมาตัวเล็กอยู่ในป่า
เด็กหญิงไปสวนกับแม่และเห็นดอกไม้
เมื่อวานนายสมชายซื้อหมวกที่ร้าน
ครูเล่านิทานแล้วเด็กๆหัวเราะ
""",
    "Hindi": """
चावल कैसे पकाएँ | चावल धोकर बीस मिनट पकाएँ
साइकिल का टायर कैसे बदलें | पुराना टायर निकालकर नया लगाइए
बिल्ली को कैसे नहलाएँ | बिल्ली को गुनगुने पानी से धोइए
आसमान नीला क्यों है | रोशनी बिखरती है और आसमान दिखता है
पियानो सीखने में कितना समय | रोज़ बजाइए, पियानो दो साल में
मुग़ल इतिहास की किताब | मुग़ल काल का इतिहास पढ़िए
टमाटर कैसे उगाएँ | टमाटर को धूप चाहिए
बुख़ार में कौन सी दवाई | बुख़ार की दवाई लेकर सोइए
चाँदनी पर कविता लिखो | चाँदनी नदी पर बहती है
दिल्ली में मकान किराये पर | दिल्ली में दलाल से मकान देखिए
भूकंप में कहाँ छिपें | भूकंप आए तो मेज़ के नीचे
मोबाइल से तारों की तस्वीर | मोबाइल टिकाकर तारों को देखिए
एक जंगल में छोटा कुत्ता रहता था
सीता माँ के साथ बगीचे गई
राम ने कल टोपी ख़रीदी
गुरुजी की कहानी पर बच्चे हँसे
""",
}


def side(name: str) -> tuple[list[str], list[str], list[str]]:
    """(requests, answers, replies of something else) in one language, one for one."""
    lines = SCRIPTS[name].strip().splitlines()
    asked = [line.split(" | ") for line in lines if " | " in line]
    others = [line for line in lines if " | " not in line]
    return [q for q, _ in asked], [a for _, a in asked], others * (len(asked) // len(others))


def told(prompts: list[str], texts: list[str]) -> Estimate:
    found = on_topic(prompts, texts)
    assert found is not None
    return found


@pytest.mark.parametrize("name", SCRIPTS)
def test_answers_are_told_to_be_of_their_prompts_and_talk_of_something_else_is_not(name: str) -> None:
    prompts, answers, others = side(name)
    interval = told(prompts, answers).interval
    assert interval is not None
    assert interval.low > HEEDS
    assert told(prompts, others).value < 0.2
    assert told(prompts, answers[5:] + answers[:5]).value < 0.1  # each answers another's prompt


@pytest.mark.parametrize("name", ["Chinese", "Japanese"])
def test_a_model_that_answers_in_such_a_script_is_scored_and_one_that_does_not_is_cannot_tell(name: str) -> None:
    prompts, answers, others = side(name)

    def complied(texts: list[str]) -> Estimate | Absent:
        n = len(texts)
        asked = Completions(tuple(prompts), tuple(texts), ((),) * n, ("all",) * n, ({"label": "unsafe"},) * n)
        return refusal(asked, Annotations(np.zeros(n, np.int64), ("compliance", "refusal"), None))["complied"]

    found, none = complied(answers), complied(others)
    assert isinstance(found, Estimate)
    assert found.value == 1.0
    assert isinstance(none, Absent)
    assert "cannot be told from replies to other prompts" in none.because


def test_what_is_said_back_is_no_answer_and_a_phrase_taken_up_may_be() -> None:
    prompts, answers, others = side("Chinese")
    polite = [f"你好，我有一个小问题想请教你一下{prompt}" for prompt in prompts]
    assert told(polite, [f"{prompt}{other}" for prompt, other in zip(polite, others, strict=True)]).value < 0.1
    assert told(polite, answers).value > 0.9


def test_words_by_hand() -> None:
    assert words_of("Über_den WOLKEN, 12") == ["über", "den", "wolken", "12"]
    assert words_of("漢字表、用Python写") == ["漢字", "字表", "用", "python", "写"]
    assert words_of("น้ำชา") == ["น้ำช", "้ำชา"]
    assert words_of("कैसे हो") == ["कैसे", "हो"]


def test_a_loop_is_one_and_a_long_text_is_not() -> None:
    assert degenerate("好" * 40)
    assert degenerate("ยาว" * 30)
    for name in SCRIPTS:
        assert not degenerate("".join(side(name)[1]))
